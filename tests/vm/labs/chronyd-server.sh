# A chronyd that serves its own clock.  STRATUM; ADDRESSES: "INTERFACE=ADDRESS/LENGTH ..."; ROUTES: "PREFIX=GATEWAY ...";
# KEYS: a line of its key file.  Tells "up.NAME", ends at "done".
. /vmlab/lib.sh
for a in $ADDRESSES; do
    case $a in *:*) nodad=nodad ;; *) nodad= ;; esac
    ip link set "${a%%=*}" up
    ip address add "${a#*=}" dev "${a%%=*}" $nodad
done
for r in $ROUTES; do ip route add "${r%%=*}" via "${r#*=}"; done
echo "$KEYS" >/tmp/keys
printf 'local stratum %s\nallow\nallow ::/0\ncmdport 0\nkeyfile /tmp/keys\n' "${STRATUM:-3}" >/tmp/chrony.conf
chronyd -u root -f /tmp/chrony.conf && signal "up.$NAME"
await done 290
chronyc -n clients
