import { spawnSync } from 'node:child_process'

/**
 * Where tools are looked for. The children get this and nothing else of the environment: a parser of
 * hostile files has no business with database addresses and API keys.
 */
const TOOL_FOLDERS =
  '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/opt/homebrew/bin'
export const CHILD_ENVIRONMENT = { PATH: TOOL_FOLDERS, LC_ALL: 'C.UTF-8' }

/** Encodes yield to the API, the database and Temporal on the same machine. */
const NICENESS = '10'

const works = (command: readonly string[]): boolean => {
  const [file = '', ...args] = command
  const { status } = spawnSync(file, [...args, 'true'], {
    env: CHILD_ENVIRONMENT,
    stdio: 'ignore',
    timeout: 5_000,
  })
  return status === 0
}

let guard: readonly string[] | undefined

/**
 * The words in front of every media command: die with the parent, and be nice.
 *
 * `setpriv --pdeathsig` is the only one of the measured ways by which an encoder dies when its parent
 * gets SIGKILL (a parent cannot clean up after that). It is tried rather than looked up, for BusyBox
 * has a `setpriv` without it; where it is missing (macOS) the workspace sweep is what remains.
 * Each of the words replaces itself by the next, so that the process id stays that of the encoder.
 */
export const processGuard = (): readonly string[] => {
  if (guard === undefined) {
    const dieWithParent = ['setpriv', '--pdeathsig', 'KILL']
    const beNice = ['nice', '-n', NICENESS]
    guard = [...(works(dieWithParent) ? dieWithParent : []), ...(works(beNice) ? beNice : [])]
  }
  return guard
}
