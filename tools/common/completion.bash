# SPDX-License-Identifier: MIT
# bash completion of trackctl, trackd, docproc and trackd-http. Verbs, options and what their values are
# come from the program itself (--list-options; tools/common/option.h explains the lines); ids, owners,
# kinds and stages come from the board.

# Fill the tables of _trackd from the program's list.
_trackd_read_list() { # PROGRAM
	local what verb name letter takes completes _
	while IFS=$'\t' read -r what verb name letter takes completes _; do
		case $what in
		verb) # NAME COMPLETES ARGUMENTS: the fields are one further to the left
			verbs+=("$verb")
			arguments_of[$verb]=$name
			;;
		option)
			options_of[$verb]+=" $name"
			[[ $takes == - ]] && continue
			value_of[$verb$name]=$completes
			[[ $letter == - ]] || value_of[$verb$letter]=$completes
			[[ $takes == "["* ]] && only_behind_equals+=" $name $letter "
			;;
		esac
	done < <("$1" --list-options 2>/dev/null)
}

# The table that knows an option, "-" or the verb; fails where none has it with a value.
_trackd_owner_of_option() { # OPTION
	local table
	for table in "$verb" -; do
		[[ -n $table && -n ${value_of[$table$1]-} ]] && echo "$table" && return
	done
	return 1
}

# What stands before the cursor: the verb, its arguments, and the options that say which board it is.
_trackd_read_words() {
	local i word value
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]} value=${COMP_WORDS[i + 1]-}
		if [[ $word != -?* ]]; then
			arguments+=("$word")
			((${#arguments[@]} == 1)) && verb=$(_trackd_verb "$word")
			continue
		fi
		# Readline splits "--board=/x" at the "=".
		if [[ $value == "=" ]]; then
			((i += 2))
			value=${COMP_WORDS[i]-}
		elif _trackd_owner_of_option "$word" >/dev/null && [[ $value != -* && $only_behind_equals != *" $word "* ]]; then
			((i++))
		else
			continue
		fi
		((i < COMP_CWORD)) && [[ $word == --board || $word == --socket ]] && place+=("$word" "$value")
	done
}

# A word that is no verb is the argument of the one that goes without its name: docproc FILE.
_trackd_verb() { # WORD
	local name
	for name in "${verbs[@]}"; do
		[[ $name == "$1" || $name == "${name^^}" ]] && echo "$name" && return
	done
}

_trackd_ask() { # ARGUMENT...
	command trackctl "${place[@]}" "$@" 2>/dev/null
}

# The words that a list's @WHAT stands for.
_trackd_look_up() { # @WHAT
	case $1 in
	@board) (cd /dev/shm 2>/dev/null && printf '/%s\n' * | grep -v :) ;;
	@pid) (cd /proc && printf '%s\n' [0-9]*) ;;
	@group) compgen -g ;;
	@verb) printf '%s\n' "${verbs[@]}" ;;
	@owner) _trackd_ask ls --raw --no-headings -o owner | sort -u ;;
	@kind) _trackd_ask kinds | sed -n 's/^\([a-z0-9_-]*\).*/\1/p' ;;
	@column) _trackd_ask ls --columns | awk '{print tolower($1)}' ;;
	@id) _trackd_ask ls --raw --no-headings -o id ;;
	@active) _trackd_ask ls --raw --no-headings -o id --state pending,active ;;
	@stage) _trackd_ask show --json "${arguments[1]}" |
		sed -n '/"stages"/,/^  \]/s/^      "name": "\(.*\)",$/\1/p' ;;
	-) ;;
	*) printf '%s\n' "$1" ;;
	esac
}

_trackd_offer() { # WORD..., as the list has them
	local what
	for what; do
		case $what in
		@file | @directory)
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen "-${what:1:1}" -- "$cur")
			compopt -o filenames 2>/dev/null
			;;
		@command) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -c -- "$cur") ;;
		*) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$(_trackd_look_up "$what")" -- "$cur") ;;
		esac
	done
}

_trackd_offer_argument() {
	local name n=$((${#arguments[@]} - 1))
	local -a each
	if [[ ${#arguments[@]} == 0 ]]; then
		for name in "${verbs[@]}"; do
			if [[ $name == "${name^^}" ]]; then
				_trackd_offer "${arguments_of[$name]}"
			else
				_trackd_offer "$name"
			fi
		done
		return
	fi
	read -ra each <<<"${arguments_of[$verb]--}"
	[[ $verb == "${verb^^}" ]] && ((n++))
	((n < ${#each[@]})) || n=$((${#each[@]} - 1))
	_trackd_offer "${each[n]}"
}

_trackd() { # PROGRAM, as bash calls it
	local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} equals= table verb= only_behind_equals=
	local -a verbs=() arguments=() place=()
	local -A arguments_of=() options_of=() value_of=()
	COMPREPLY=()
	_trackd_read_list "$1"
	_trackd_read_words
	if [[ $cur == "=" ]]; then
		cur= equals=yes
	elif [[ $option == "=" ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]} equals=yes
	fi
	if [[ $option == -?* && ($equals || ($cur != -* && $only_behind_equals != *" $option "*)) ]] &&
		table=$(_trackd_owner_of_option "$option"); then
		# shellcheck disable=SC2086
		_trackd_offer ${value_of[$table$option]}
	elif [[ $cur == -* ]]; then
		# A verb that lists --help itself knows no option but its own.
		[[ ${options_of[${verb:--}]-} == *" --help"* && -n $verb ]] || _trackd_offer "${options_of[-]}"
		[[ -z $verb ]] || _trackd_offer "${options_of[$verb]-}"
		[[ -n $verb || -z ${options_of[FILE]-} ]] || _trackd_offer "${options_of[FILE]}"
	else
		_trackd_offer_argument
	fi
}

complete -F _trackd trackctl trackd docproc trackd-http
