# Runs the steps of check.sh and test.sh: each with its time, all of them also when one fails, and a
# summary at the end. Sourced.

STEP_LINES=()
STEPS_FAILED=0

# step NAME COMMAND...: runs the command and remembers how it ended.
step() {
  local name=$1 began=$SECONDS result=ok
  shift
  printf '\n== %s\n' "$name"
  if ! "$@"; then
    result=FAILED
    STEPS_FAILED=$((STEPS_FAILED + 1))
  fi
  STEP_LINES+=("$(printf '%-12s %-7s %4ds' "$name" "$result" $((SECONDS - began)))")
  [ "$result" = ok ]
}

# missed NAME REASON: a step that could not be run has failed.
missed() {
  STEPS_FAILED=$((STEPS_FAILED + 1))
  STEP_LINES+=("$(printf '%-12s %-7s %s' "$1" 'NOT RUN' "$2")")
}

# The parts that need neither a build nor daemons.
static_steps() {
  step types tsc --noEmit -p tsconfig.json || true
  step pure-types tsc --noEmit -p tsconfig.pure.json || true
  step lint oxlint --type-aware || true
  step format oxfmt --check || true
}

# Prints the summary; the exit status says whether everything was well.
summary() {
  printf '\n'
  printf '%s\n' "${STEP_LINES[@]}"
  if [ "$STEPS_FAILED" -gt 0 ]; then
    printf '%d of %d steps failed (%ds)\n' "$STEPS_FAILED" "${#STEP_LINES[@]}" "$SECONDS"
    return 1
  fi
  printf 'all %d steps are well (%ds)\n' "${#STEP_LINES[@]}" "$SECONDS"
}
