# SPDX-License-Identifier: MIT
# bash completion of trackctl: verbs, options, and from the board itself ids, stages, kinds and owners.

# The board and socket that stand on the command line so far, as words for another call.
_trackctl_place() {
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--board | --socket)
			# Readline may have split "--board=/x" at the "=".
			if [[ ${COMP_WORDS[i + 1]} == "=" ]]; then
				printf '%s\n' "${COMP_WORDS[i]}" "${COMP_WORDS[i + 2]}"
			else
				printf '%s\n' "${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}"
			fi
			;;
		esac
	done
}

_trackctl_ask() { # ARGUMENT...
	local -a place
	mapfile -t place < <(_trackctl_place)
	command trackctl "${place[@]}" "$@" 2>/dev/null
}

_trackctl_verbs() {
	command trackctl help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'
}

_trackctl_options() { # [VERB]
	command trackctl help "$@" 2>/dev/null | grep -o -e '--[a-z][a-z-]*'
}

_trackctl_ids() { # [STATES]
	_trackctl_ask ls --raw --no-headings -o id ${1:+--state "$1"}
}

_trackctl_stages() { # ID
	_trackctl_ask show --json "$1" | sed -n '/"stages"/,/^  \]/s/^      "name": "\(.*\)",$/\1/p'
}

_trackctl_kinds() {
	_trackctl_ask kinds | sed -n 's/^\([a-z0-9_-]*\).*/\1/p'
}

_trackctl_owners() {
	_trackctl_ask ls --raw --no-headings -o owner | sort -u
}

# The words before the cursor that are neither options nor their values: the verb and its arguments.
_trackctl_arguments() {
	local i word
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--board | --socket | --color | --owner | --state | --kind | --limit | --output | \
			--timeout | --delay | --sort | --search | --id | --name | --message | --total | --done | \
			--pid | --ttl | --active-ttl | --grace | --file | -[uskontdpmigf])
			((i++))
			[[ ${COMP_WORDS[i]} == "=" ]] && ((i++))
			;;
		-*) ;;
		*) printf '%s\n' "$word" ;;
		esac
	done
}

_trackctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=
	local -a arguments
	COMPREPLY=()
	if [[ $cur == "=" ]]; then
		cur=
	elif [[ $prev == "=" ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	mapfile -t arguments < <(_trackctl_arguments)
	local verb=${arguments[0]-}

	case $prev in
	--board) words=$(cd /dev/shm 2>/dev/null && printf '/%s\n' * | grep -v :) ;;
	--socket | --file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--color) words='auto always never' ;;
	--owner | -u) words=$(_trackctl_owners) ;;
	--kind | -k) words=$(_trackctl_kinds) ;;
	--state | -s)
		if [[ $verb == top ]]; then
			words='activity newest progress rate time name owner id'
		else
			words='pending active completed failed cancelled'
		fi
		;;
	--sort) words='activity newest progress rate time name owner id' ;;
	--output | -o) words=$(command trackctl ls --columns 2>/dev/null | awk '{print tolower($1)}') ;;
	--pid | -p) words=$(cd /proc && printf '%s\n' [0-9]*) ;;
	esac
	if [[ -n $words ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	fi

	if [[ $cur == -* ]]; then
		words="$(_trackctl_options) ${verb:+$(_trackctl_options "$verb")}"
	else
		case $verb in
		'') words=$(_trackctl_verbs) ;;
		help) words=$(_trackctl_verbs) ;;
		show | watch) words=$(_trackctl_ids) ;;
		wait | cancel | complete | fail) words=$(_trackctl_ids pending,active) ;;
		rm) words=$(_trackctl_ids) ;;
		update)
			case ${#arguments[@]} in
			1) words=$(_trackctl_ids pending,active) ;;
			2) words=$(_trackctl_stages "${arguments[1]}") ;;
			esac
			;;
		run)
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			return
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _trackctl trackctl
