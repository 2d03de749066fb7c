import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process of this machine, as /proc shows it. */
export interface SeenProcess {
  readonly pid: number
  readonly commandLine: string
}

const read = (reading: () => string): string => {
  try {
    return reading()
  } catch {
    // It has ended meanwhile, or it is somebody else's.
    return ''
  }
}

/** Every process that works in `folder` or was given a path in it. Linux only. */
export const processesIn = (folder: string): SeenProcess[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({
      pid: Number(name),
      commandLine: read(() => readFileSync(`/proc/${name}/cmdline`, 'utf8')).replaceAll('\0', ' '),
      cwd: read(() => readlinkSync(`/proc/${name}/cwd`)),
    }))
    .filter(({ commandLine, cwd }) => commandLine.includes(folder) || cwd.startsWith(folder))
    .map(({ pid, commandLine }) => ({ pid, commandLine }))

/** The media programs among them. */
export const encodersIn = (folder: string): SeenProcess[] =>
  processesIn(folder).filter(({ commandLine }) => /(^|\/| )ff(mpeg|probe)/.test(commandLine))

/** Runs `work`, and tells how much memory the largest process took that this one started. Linux only. */
export const peakMemoryOfChildren = async <Result>(
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly peakBytes: number }> => {
  let peakBytes = 0
  const look = setInterval(() => {
    const children = readdirSync('/proc/self/task').flatMap((thread) =>
      read(() => readFileSync(`/proc/self/task/${thread}/children`, 'utf8')).split(' '),
    )
    for (const pid of children.filter((name) => name !== '')) {
      const status = read(() => readFileSync(`/proc/${pid}/status`, 'utf8'))
      const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
      peakBytes = Math.max(peakBytes, Number(kilobytes ?? 0) * 1024)
    }
  }, 10)
  try {
    return { result: await work(), peakBytes }
  } finally {
    clearInterval(look)
  }
}
