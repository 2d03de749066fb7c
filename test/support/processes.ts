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
const processesIn = (folder: string): SeenProcess[] =>
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
