# A chronyd that serves its own clock.  STRATUM; ADDRESSES: "INTERFACE=ADDRESS/LENGTH ..."; ROUTES: "PREFIX=GATEWAY ...";
# ALLOW: the only client that it answers; KEYS: a line of its key file.  Signals "up.NAME".
. /vmlab/lib.sh
for a in $ADDRESSES; do
    case $a in *:*) nodad=nodad ;; *) nodad= ;; esac
    ip link set "${a%%=*}" up
    ip address add "${a#*=}" dev "${a%%=*}" $nodad
done
for r in $ROUTES; do ip route add "${r%%=*}" via "${r#*=}"; done
echo "$KEYS" >/tmp/keys
{ echo "local stratum ${STRATUM:-3}"; echo "keyfile /tmp/keys"; echo "cmdport 0"
  if [ -n "$ALLOW" ]; then echo "allow $ALLOW"; else echo "allow"; echo "allow ::/0"; fi; } >/tmp/chrony.conf
chronyd -u root -f /tmp/chrony.conf && signal "up.$NAME"
sleep 1000
