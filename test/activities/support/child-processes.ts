import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The ids of the living descendants of a process (of this one, unless told) that run a program. */
export const childrenNamed = async (program: string, ofPid = process.pid): Promise<number[]> => {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,stat=,comm='])
  const processes = stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, parentPid, state = '', ...name] = line.trim().split(/\s+/)
      return { pid: Number(pid), parentPid: Number(parentPid), state, name: name.join(' ') }
    })
  const family = new Set([ofPid])
  for (let grown = true; grown;) {
    grown = false
    for (const { pid, parentPid } of processes) {
      if (family.has(parentPid) && !family.has(pid)) {
        family.add(pid)
        grown = true
      }
    }
  }
  return processes
    .filter(({ pid, name, state }) => family.has(pid) && name === program && !state.startsWith('Z'))
    .map(({ pid }) => pid)
}
