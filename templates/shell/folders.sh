# prepare_folders NAME: where things go. Nothing is made before the system is known to be right.
prepare_folders() {
  [[ -n ${HOME:-} && -d $HOME ]] || stop 'HOME names no folder'
  environment=${DLSETUP_ENV:-$HOME/dlsetup/$1}
  [[ $environment == /* ]] || environment=$PWD/$environment
  tools=${XDG_DATA_HOME:-$HOME/.local/share}/dlsetup
  # Project files of the folder this is started from must not change what is installed.
  cd /
}

# guard_environment: what lies in its folder must be of this plan, before anything is changed.
guard_environment() {
  local held=''
  if [[ -d $environment/.dlsetup ]]; then
    if [[ -r $environment/.dlsetup/holds ]]; then held=$(<"$environment/.dlsetup/holds"); fi
    [[ -z $held || $held == "$HOLDS" ]] || stop "$environment holds another plan:" "$held" \
      'remove it, or name another folder with DLSETUP_ENV'
  elif [[ -n $(ls -A "$environment" 2>/dev/null) ]]; then
    stop "$environment holds something that this script did not make" \
      'move it away, or name another folder with DLSETUP_ENV'
  fi
}

make_folder() {
  mkdir -p "$1" 2>/dev/null && [[ -w $1 ]] ||
    stop "the folder $1 cannot be made or written to" \
      'give it to this user, or name another with DLSETUP_ENV'
}
