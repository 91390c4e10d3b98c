# --- Running steps -------------------------------------------------------------------------------

assume_yes=no
# The scopes that root was given for, each between blanks.
root_allowed=' '
finished=0
current='before the first step'

usage() {
  cat <<'TEXT'
usage: bash {{ file_name }} [--yes] [--help]

  --yes   ask nothing, do what the head of this script says, root steps included
  --help  show this text
{% if makes_environment %}

DLSETUP_ENV names another folder for the environment.
{% endif %}
TEXT
}

stop() {
  printf '\nstopped: %s\n' "$1" >&2
  shift
  if (($#)); then printf '  %s\n' "$@" >&2; fi
  trap - EXIT
  exit 1
}

reboot_first() {
  printf '\n%s\n' "$@" 'Reboot this machine, then run this script again: it goes on from here.'
  trap - EXIT
  exit 10
}

on_exit() {
  local code=$?
  if ((code != 0)); then
    printf '\nstopped: %s failed (exit code %s), see above. Nothing after it was done;\n' \
      "$current" "$code" >&2
    printf '  put it right and run this script again: it goes on from here.\n' >&2
    exit 1
  fi
}

on_interrupt() {
  printf '\nstopped: interrupted in %s. Run this script again: it goes on from here.\n' \
    "$current" >&2
  trap - EXIT
  exit 130
}

trap on_exit EXIT
trap on_interrupt INT TERM HUP

read_options() {
  local option
  for option in "$@"; do
    case $option in
      --yes) assume_yes=yes ;;
      --help)
        usage
        trap - EXIT
        exit 0
        ;;
      *)
        printf 'unknown option: %q\n\n' "$option" >&2
        usage >&2
        trap - EXIT
        exit 2
        ;;
    esac
  done
}

# step NUMBER ID TITLE: nothing is done that is already so, and nothing is believed unseen.
step() {
  local label="[$1/$TOTAL] $3"
  current="step $1 ($3)"
  if "check_$2"; then
    printf '%s … already done\n' "$label"
  else
    printf '%s …\n' "$label"
    "do_$2"
    "check_$2" || stop "$3: everything was done, and it still does not show"
    printf '%s … done\n' "$label"
  fi
  finished=$((finished + 1))
}

# ask_root SCOPE WHAT: once for each scope; the first time all that is done as root is named.
ask_root() {
  local answer=''
  if [[ $root_allowed == *" $1 "* ]]; then return; fi
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      stop "root is needed to $2, and there is no sudo" 'run this script as root'
    if [[ $assume_yes != yes ]]; then
      [[ -t 0 ]] || stop "root is needed to $2, and there is no terminal to ask at" \
        'run it at a terminal, or with --yes, or as root'
      if [[ $root_allowed == ' ' ]]; then
        printf '\nThis script needs root for, where it is not done yet:\n'
        printf '  - %s\n' "${ROOT_STEPS[@]}"
      fi
      read -r -p "Root is needed to $2. Go on? [y/N] " answer || answer=''
      [[ $answer == [yY]* ]] || stop "root was not given to $2; neither that nor more was done"
    fi
  fi
  root_allowed+="$1 "
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}
