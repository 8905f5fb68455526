# For guests that run Noonmark:  . /vmlab/noonmark.sh
. /vmlab/lib.sh

failed=0
check() {                                       # check <sentence> <command...>: the command must succeed
    what=$1; shift
    if "$@" >/tmp/check 2>&1; then say "ok   $what"; else say "FAIL $what"; cat /tmp/check; failed=1; fi
}
not() { ! "$@"; }
seconds() { cut -d. -f1 /proc/uptime; }
within() {                                      # within <seconds> <command...>: it succeeds before that
    end=$(($(seconds) + $1)); shift
    until "$@"; do [ "$(seconds)" -lt $end ] || return 1; sleep 1; done
}

RUN_DIR=/run/noonmark
STATE_DIR=${STATE_DIR:-/var/lib/noonmark}
noon() { noonmark --run-dir $RUN_DIR "$@"; }
start_noonmark() {                              # start_noonmark [<option of noonmarkd>...]
    noonmarkd --state-dir $STATE_DIR --run-dir $RUN_DIR --clock system "$@" >>/out/noonmarkd.log 2>&1 &
    noonmark_pid=$!
    check "noonmarkd answers its shell" within 20 noon -c "display version"
}
stop_noonmark() { kill "$noonmark_pid" && wait "$noonmark_pid"; }
configure() {                                   # configure <line>...: lines of the system view, committed
    { echo system-view; printf '%s\n' "$@"; echo commit; } | noon
}

show() { noon -c "display ntp-service $*"; }
synchronized() { show status | grep 'clock status: synchronized'; }
code_of() {                                     # code_of <server>[(VPN)]: the reason code of a session
    show explain | awk -v head=" $1: " 'index($0, head) == 1 { found = 1 } found && $1 == "code:" { print $2; exit }'
}
steps() { grep -c NTP_CLOCK_STEPPED /out/noonmarkd.log; }      # how often the daemon says it stepped
has_code() { code=$(code_of "$1"); echo "code of $1: $code"; shift; for c; do [ "$code" != "$c" ] || return 0; done; return 1; }
followed() { has_code "$1" system-peer survivor; }
field_of() {                                    # field_of <server>[(VPN)] <field of display ntp-service sessions>
    show sessions | awk -v head=" clock source: $1" -v name=" $2: " '
        $0 == head { found = 1 } found && index($0, name) == 1 { print substr($0, length(name) + 1); exit }'
}
has_field() { value=$(field_of "$1" "$2"); echo "$2 of $1: $value"; [ "$value" = "$3" ]; }

finish() {                                      # ends the script with the verdict of its checks
    if [ $failed = 1 ]; then
        show status; show sessions verbose; show explain; show statistics packet
        ip -br address; ip route show table all; cat /out/noonmarkd.log
    fi
    exit $failed
}
