import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The clone that these scripts belong to. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** Paths of the programs that set-up found (scripts/setup/toolchain-record.mjs writes them). */
export type Toolchain = {
  nodePath: string
  temporalPath: string
  temporalServerVersion: string
  ffmpegPath: string
  ffprobePath: string
  /** Of the environment with the Python packages; null: there is no Python that would do. */
  pythonPath: string | null
  /** Null: FFmpeg's own voice speaks instead. */
  espeakPath: string | null
}

/** What set-up found. Throws one sentence when set-up has not run. */
export function toolchain(): Toolchain {
  try {
    return JSON.parse(
      readFileSync(join(projectRoot, '.spool', 'toolchain.json'), 'utf8'),
    ) as Toolchain
  } catch (error) {
    throw new Error('Nothing is set up yet; run: npm run setup', { cause: error })
  }
}
