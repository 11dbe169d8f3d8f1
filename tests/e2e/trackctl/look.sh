#!/bin/bash
# SPDX-License-Identifier: MIT
# What ls, show, kinds, stats and top print: columns, filters, JSON, widths, colour, other locales, and that no byte of the
# board's can play tricks with a terminal.
. "$(dirname "$0")/../../harness/lib.sh"

json() { # EXPRESSION over `doc`, of a document on stdin
	/usr/bin/python3 -c 'import json, sys; doc = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}

export LC_ALL=C.UTF-8
start_daemon --capacity 64
is "$(trackctl ls)" "" "an empty board is an empty table"
is "$(trackctl ls --json | json 'doc["tasks"]')" "[]" "and an empty list"

trackctl create doc-1 --owner alice --name report.pdf
trackctl create doc-2 --owner bob --name minutes.docx
trackctl update doc-2 embedding "batch 5" --done 480 --total 1000
trackctl create doc-3 --owner alice --name broken.pdf
trackctl update doc-3 chunking
trackctl fail doc-3 "no text layer"

# ---- ls ----
is "$(trackctl ls -o id --no-headings)" $'doc-3\ndoc-2\ndoc-1' "newest first"
is "$(trackctl ls -o id --no-headings --raw -n 1)" doc-3 "--limit"
is "$(trackctl ls -n 0)" "" "--limit 0: none"
is "$(trackctl ls -n 0 --json | tr -d ' \n')" '{"tasks":[]}' "in JSON too"
is "$(trackctl ls -o id,status --raw | head -1)" "ID STATUS" "columns by name"
is "$(trackctl ls -o ID,work --raw --no-headings | sed -n 2p)" "doc-2 480/1000" "in any case"
like "$(trackctl ls | head -1)" "*NAME*STATUS*PROGRESS*MESSAGE*" "the usual columns"
like "$(trackctl ls | head -1)" "!(*WORKER*)" "an empty column is left out"
like "$(trackctl ls -o +reason,pid | head -1)" "*MESSAGE*REASON*" "+ adds columns"
is "$(trackctl ls --owner alice -o id --no-headings)" $'doc-3\ndoc-1' "--owner"
is "$(trackctl ls --state pending -o id --no-headings)" doc-1 "--state"
is "$(trackctl ls --state pending,embedding -o id --no-headings)" $'doc-2\ndoc-1' "states and stages"
is "$(trackctl ls --kind document -o id --no-headings | wc -l)" 3 "--kind"
exits 2 "a state that is none" trackctl ls --state complete
like "$output" "*completed*trackctl kinds*" "and it says which there are"
exits 2 "a column that is none" trackctl ls -o nonsense
like "$output" "*--columns*" "and it says how to list them"
is "$(trackctl ls --columns | awk '$1 == "ETA"' | wc -l)" 1 "--columns"
like "$(trackctl)" "*doc-1*" "trackctl alone is ls"
like "$(trackctl ls -o message --owner alice)" "*no text layer*" "of what failed, the error is shown"

# ---- Labels ----
trackctl create lab-1 --label batch=7 --label "note=a b, c"
trackctl create lab-2 --label batch=70
trackctl create lab-3 --label batch=7 --label stage/x=
trackctl complete lab-3 --result "12 pages"
is "$(trackctl ls --label batch=7 -o id --no-headings)" $'lab-3\nlab-1' "--label KEY=VALUE"
is "$(trackctl ls -l batch -o id --no-headings)" $'lab-3\nlab-2\nlab-1' "--label KEY"
is "$(trackctl ls -l batch=7 -l stage/x -o id --no-headings)" lab-3 "all of several"
is "$(trackctl ls -l batch=7 -s pending -o id --no-headings)" lab-1 "beside another filter"
is "$(trackctl ls -l nosuch)" "" "none"
exits 2 "what is no label" trackctl ls --label =7
like "$output" "*KEY or KEY=VALUE*" "and it says what is"
is "$(trackctl ls -l note -o labels --no-headings)" "batch=7, note=a b, c" "their column"
is "$(trackctl ls -l batch -o id,result --raw --no-headings | head -1 | cut -d' ' -f1)" lab-3 "the result's column"
like "$(trackctl show lab-3)" "*Result: 12 pages*Labels: batch=7, stage/x=*" "show"
is "$(trackctl show --json lab-3 | json 'doc["labels"], doc["result"]')" "({'batch': '7', 'stage/x': ''}, '12 pages')" "in JSON"
is "$(trackctl ls -u alice -o last --no-headings)" "Queued for processing" "what a failed one was doing"
trackctl rm lab-1 lab-2 lab-3

# ---- JSON ----
members="id kind owner name state status done progress stage stages message error cancel result last_message last_progress"
members+=" labels limits worker created_at started_at updated_at finished_at eta revision"
is "$(trackctl show --json doc-2 | json '" ".join(doc)')" "$members" "the members of a task, in order"
is "$(trackctl show --json doc-2 | json 'doc["stage"]')" \
	"{'name': 'embedding', 'index': 2, 'count': 5, 'done': 480, 'total': 1000}" "its stage"
is "$(trackctl show --json doc-2 | json '[s["state"] for s in doc["stages"]]')" \
	"['waiting', 'waiting', 'running', 'waiting', 'waiting']" "its stages"
is "$(trackctl show --json doc-3 | json 'doc["error"]')" \
	"{'reason': 'error', 'message': 'no text layer', 'stage': 'chunking'}" "its error"
is "$(trackctl show --json doc-3 | json 'doc["stages"][1]["state"]')" failed "the stage it failed in"
is "$(trackctl show --json doc-1 | json '[doc[m] for m in ("stage", "error", "cancel", "worker", "started_at", "eta")]')" \
	"[None, None, None, None, None, None]" "null rather than absent"
like "$(trackctl show --json doc-1 | json 'doc["created_at"]')" "20[0-9][0-9]-*T*:*:*.[0-9][0-9][0-9]Z" "RFC 3339, UTC, milliseconds"
is "$(trackctl ls --json | json '[t["id"] for t in doc["tasks"]]')" "['doc-3', 'doc-2', 'doc-1']" "ls --json"
is "$(trackctl --json ls --owner bob | json 'doc["tasks"][0]["owner"]')" bob "options before the verb too"
is "$(trackctl kinds --json | json 'doc["kinds"][0]["stages"][1]')" "{'name': 'chunking', 'percent': 25}" "kinds --json"
is "$(trackctl stats --json | json 'doc["tasks"]["failed"], doc["capacity"], doc["daemon"]["running"]')" \
	"(1, 64, True)" "stats --json"
is "$(trackctl top --json | json 'len(doc["tasks"]), doc["stats"]["used"]')" "(3, 3)" "top --json"

# ---- show ----
seen=$(trackctl show doc-2)
like "$seen" "● doc-2  document  minutes.docx*embedding · 54 %  ━*" "show: headline and bar"
like "$seen" "*Owner: bob*Worker: not known*" "owner and worker"
like "$seen" "*▶ embedding*480/1000*" "the present stage"
like "$seen" "*· extracting · chunking · indexing · summarizing*" "the ones to come"
like "$seen" "*Message: batch 5*" "the message"
like "$(trackctl show doc-3)" "*failed*✗ chunking*Error: no text layer*" "a failed one"
like "$(trackctl show doc-3)" "*Before: Queued for processing (at 25 %)*" "with what it was doing"
seen=$(LC_ALL=C trackctl show doc-2)
like "$seen" "\* doc-2*embedding - 54 %  ##*..*> embedding*" "in ASCII where the locale is not UTF-8"
is "$(printf %s "$seen" | LC_ALL=C grep -c -P '[\x80-\xff]')" 0 "and nothing but ASCII"
like "$(trackctl kinds)" "document*10 %  extracting*85 %  summarizing" "kinds"
like "$(trackctl stats)" "*Board: $board*Daemon: pid $daemon*Used: 3 of 64*1 pending, 1 active*" "stats"
like "$(trackctl top)" "$board  3/64  1 active, 1 pending*ID*doc-2*" "top, piped, is one shot"
is "$(trackctl top --sort id | tail -3 | awk '{print $1}')" $'doc-1\ndoc-2\ndoc-3' "sorted"
is "$(trackctl top --search minutes | tail -n +3 | awk '{print $1}')" doc-2 "searched"

# ---- Colour ----
[[ $(trackctl ls) != *$'\e'* ]]
point $? "no colour in a pipe"
[[ $(trackctl ls --color=always) == *$'\e['* ]]
point $? "colour when asked for"
[[ $(NO_COLOR=1 script -qec "$build/trackctl --board $board --socket $socket ls" /dev/null) != *$'\e['* ]]
point $? "none on a terminal with NO_COLOR"
[[ $(TERM=dumb script -qec "$build/trackctl --board $board --socket $socket ls" /dev/null) != *$'\e['* ]]
point $? "none on a dumb terminal"
[[ $(TERM=xterm script -qec "$build/trackctl --board $board --socket $socket ls" /dev/null) == *$'\e['* ]]
point $? "colour on another"
exits 2 "--color takes three words" trackctl ls --color=blue

# ---- Widths ----
sleep 1000 &
trackctl create lost --owner alice --name "A name that is as long as names of files can be.pdf"
trackctl update lost embedding "batch 5" --done 48000 --total 100000 --pid $!
kill $!
exits 6 "a worker is lost" trackctl wait --timeout 10 lost
on_terminal() { # COLUMNS VERB...
	TERM=xterm NO_COLOR=1 script -qec "stty cols $1 rows 24; $build/trackctl --board $board --socket $socket ${*:2}" /dev/null |
		tr -d '\r'
}
widest() { on_terminal "$@" | wc -L; }
for columns in 40 60 70 80 100 110 120 200; do
	ok "ls fits $columns columns" [ "$(widest "$columns" ls)" -le "$columns" ]
done
ok "and takes the room there is" [ "$(widest 80 ls)" -gt 60 ]
trackctl create long
trackctl update long summarizing --done 480000 --total 1000000
trackctl fail long "no such font: Helvetica-Neue in object 17 of the page tree, at offset 0x1234567, which is larger than the file"
for columns in 40 60 80; do
	ok "show fits $columns columns" [ "$(widest "$columns" show long)" -le "$columns" ]
done
like "$(on_terminal 40 show long)" "*480000/1000000*Error: no such font: Helvetica-Neue"$'\n'"           in object*larger*file*" \
	"and leaves no word out"
trackctl rm lost long

# ---- Hostile bytes ----
evil=$'a\e]0;title\a\e[2Jb\xff\xfe\xc3(c\rd\ne\u202ef'
trackctl create evil --name "$evil" --message "$evil" --owner alice
trackctl update evil extracting
trackctl fail evil "$evil"
for verb in "ls" "show evil" "top" "watch evil" "ls --json" "show --json evil" "watch --json evil"; do
	# shellcheck disable=SC2086
	seen=$(trackctl $verb)
	is "$(printf %s "$seen" | LC_ALL=C tr -d '\n' | LC_ALL=C grep -c -P '[\x00-\x1f\x7f]')" 0 "$verb: no control characters"
	printf %s "$seen" | iconv -f UTF-8 -t UTF-8 >/dev/null
	point $? "$verb: valid UTF-8"
	[[ $seen != *$'\u202e'* ]]
	point $? "$verb: nothing that turns the direction of writing round"
done
is "$(trackctl ls -o name --no-headings | grep -c .)" 4 "a line end in a name forges no line"
is "$(trackctl show --json evil | json 'doc["name"].count(chr(0xfffd))')" 7 "what was replaced is marked"

finish
