# leave CODE REASON LINE…: say why, and end.
leave() {
  trap - EXIT
  printf '\n%s\n' "$2" >&2
  if (($# > 2)); then printf '  %s\n' "${@:3}" >&2; fi
  exit "$1"
}
stop() { leave 1 "stopped: $1" "${@:2}"; }
reboot_first() { leave 10 "$1 Reboot this machine, then $again" "${@:2}"; }

# step NUMBER NAME TITLE: what is already so is left alone, and nothing is believed unseen.
step() {
  current="step $1 ($3)"
  if "check_$2"; then
    echo "[$1/{{ steps | length }}] $3 … already done"
  else
    echo "[$1/{{ steps | length }}] $3 …"
    "do_$2"
    "check_$2" || stop "$3: everything was done, and it still does not show"
  fi
}

# confirm WHAT: asked at the terminal, unless --yes was given.
confirm() {
  local answer=$assume_yes
  if [[ $answer == no && -t 0 ]]; then read -r -p "$1. Go on? [y/N] " answer; fi
  [[ $answer == [yY]* ]] || stop "$1" 'say yes at a terminal, or run it with --yes'
}
ask_root() { ((EUID == 0)) || confirm "Root is needed to $1"; }
as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }
