import { readFile } from 'node:fs/promises'

/**
 * When a process began, as a number that its successor under the same id does not have; `null` if there is
 * none. Outside Linux only life and death can be told apart, and the answer is `0` for life.
 */
export const processStart = async (pid: number): Promise<string | null> => {
  if (process.platform !== 'linux') return isAlive(pid) ? '0' : null
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  // The second field is the program's name in parentheses, which may hold anything; the 22nd is the start.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  // Dead, though whoever started it has not asked how it ended.
  if (fields[0] === 'Z' || fields[0] === 'X') return null
  return fields[19] ?? null
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
