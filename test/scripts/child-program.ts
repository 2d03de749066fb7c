import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { Part } from '../../scripts/stack/part.ts'

/** A part that runs `source` as a Node program; ready as soon as it runs unless told otherwise. */
export function programPart(
  folder: string,
  source: string,
  { name = 'child', ready = async () => {}, stopGraceMs = 5_000 }: Partial<Part> = {},
): Part {
  const file = join(folder, `${name}.mjs`)
  writeFileSync(file, source)
  return {
    name,
    command: process.execPath,
    args: [file],
    logFile: join(folder, 'logs', `${name}.log`),
    ready,
    readyTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    stopGraceMs,
  }
}

/** A program that does nothing until it is told to stop. */
export const IDLE = 'setInterval(() => {}, 1000)'
