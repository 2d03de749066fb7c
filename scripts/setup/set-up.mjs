import { fileURLToPath } from 'node:url'
import { SetupError } from './command.mjs'
import { ensureEspeak } from './espeak.mjs'
import { ensureFfmpeg } from './ffmpeg.mjs'
import { findNode } from './node-runtime.mjs'
import { ensureNpmPackages } from './npm-packages.mjs'
import { ensureTemporalCli } from './temporal-cli.mjs'
import { ensurePython } from './python.mjs'
import { readToolchain, writeToolchain } from './toolchain-record.mjs'

/** The clone that these scripts belong to. */
const projectRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/**
 * Makes sure that everything Spool runs with is there, and says where: `{ changed, toolchain }`.
 * Uses nothing but Node's own modules, runs on Node 20, may be run any number of times, and is silent
 * and quick when nothing is missing. Throws SetupError with one sentence that names the remedy. Python
 * alone may be missing; it is looked for again with `retry`.
 */
export async function setUp({ root = projectRoot, verbose = false, retry = false } = {}) {
  if (process.platform === 'win32') {
    throw new SetupError('Spool runs on Linux and macOS; on Windows use it inside WSL 2.')
  }
  const note = (line) => process.stderr.write(`  ${line}\n`)
  const onOutput = verbose ? (chunk) => process.stderr.write(chunk) : undefined
  const installed = await ensureNpmPackages({ root, onOutput })
  const recorded = installed ? null : readToolchain(root)
  const lacks = [recorded?.pythonPath, recorded?.espeakPath].includes(null)
  if (recorded && !(retry && lacks)) return { changed: false, toolchain: recorded }

  const node = await findNode({ root })
  const { ffmpegPath, ffprobePath, version: ffmpegVersion } = await ensureFfmpeg({ note, onOutput })
  const espeakPath = await ensureEspeak({ note, onOutput })
  const temporal = await ensureTemporalCli({ root, note, onOutput })
  const python = await ensurePython({ root, note, onOutput })
  if (python.path === null) {
    note(`Speech recognition without a key is off: ${python.reason}. Then run: npm run setup`)
  }
  const toolchain = {
    nodePath: node.path,
    nodeVersion: node.version,
    temporalPath: temporal.path,
    temporalVersion: temporal.version,
    temporalServerVersion: temporal.serverVersion,
    ffmpegPath,
    ffprobePath,
    ffmpegVersion,
    pythonPath: python.path,
    espeakPath,
  }
  writeToolchain(root, toolchain)
  return { changed: true, toolchain }
}

/** Runs `main`; a set-up problem ends the process with its sentence, anything else with its trace. */
export async function orExplain(main) {
  try {
    await main()
  } catch (error) {
    console.error(error instanceof SetupError ? `\nSet-up stopped: ${error.message}` : error)
    process.exitCode = 1
  }
}
