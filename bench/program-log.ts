import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One run of a program. */
interface ProgramRun {
  readonly args: string
  /** Of the program and what it started: user and system time. */
  readonly processorSeconds: number
}

export interface LoggedProgram {
  /** To be started instead of the program. */
  readonly path: string
  /** Those that have ended, in the order of their ends. */
  readonly runs: () => readonly ProgramRun[]
}

/** Makes a program that does what another one does, and writes down how it was called and what it took. */
export const logProgram = (dir: string, name: string, programPath: string): LoggedProgram => {
  const path = join(dir, `logged-${name}`)
  const logPath = join(dir, `${name}.runs`)
  const script = `#!/bin/bash
"${programPath}" "$@"
code=$?
# In a pipe \`times\` would tell of the pipe.
times > "${logPath}.$$"
echo "$(tail -1 "${logPath}.$$") $(echo "$*" | tr '\\n' ' ')" >> "${logPath}"
rm "${logPath}.$$"
exit $code
`
  writeFileSync(path, script)
  chmodSync(path, 0o755)
  const runs = () => {
    if (!existsSync(logPath)) return []
    return readFileSync(logPath, 'utf8').trim().split('\n').map(runOf)
  }
  return { path, runs }
}

/** As the shell writes it: `0m1.234s 0m0.056s` and the arguments. */
const runOf = (line: string): ProgramRun => {
  const [, userMinutes, user, systemMinutes, system, args = ''] =
    /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s (.*)$/.exec(line) ?? []
  const minutes = Number(userMinutes) + Number(systemMinutes)
  return { args, processorSeconds: 60 * minutes + Number(user) + Number(system) }
}
