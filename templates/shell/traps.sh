{% if asks %}
assume_yes=no
{% endif %}
current='the beginning'
again='run this script again: it goes on from here.'
trap 'stop "$current failed (exit code $?), see above" "put it right, and $again"' EXIT
trap 'leave 130 "stopped: interrupted in $current." "You may $again"' INT TERM HUP
