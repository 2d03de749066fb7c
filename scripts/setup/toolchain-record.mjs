import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pythonRequirements } from './python.mjs'

// What set-up found, so that the next run only has to look whether it is still there.

const PROGRAMS = [
  'nodePath',
  'temporalPath',
  'ffmpegPath',
  'ffprobePath',
  'pythonPath',
  'espeakPath',
]

/**
 * The recorded toolchain if it still holds: every program is the very file that was examined, and the
 * settings that choose programs are unchanged. Else null.
 */
export function readToolchain(root) {
  try {
    const { programs, settings, requirements, ...toolchain } = JSON.parse(
      readFileSync(fileOf(root), 'utf8'),
    )
    const same = Object.entries(programs).every(([path, print]) => print === fingerprint(path))
    if (requirements !== pythonRequirements(root)) return null
    // An older set-up did not know them all.
    if (PROGRAMS.some((key) => toolchain[key] === undefined)) return null
    return same && JSON.stringify(settings) === JSON.stringify(chosenBySettings())
      ? toolchain
      : null
  } catch {
    return null
  }
}

/** Records what was found for the next run; other programs of the project read the paths from here. */
export function writeToolchain(root, toolchain) {
  const paths = PROGRAMS.map((key) => toolchain[key]).filter((path) => path !== null)
  const programs = Object.fromEntries(paths.map((path) => [path, fingerprint(path)]))
  mkdirSync(join(root, '.spool'), { recursive: true })
  const unfinished = `${fileOf(root)}.${process.pid}`
  const requirements = pythonRequirements(root)
  const record = { ...toolchain, programs, requirements, settings: chosenBySettings() }
  writeFileSync(unfinished, `${JSON.stringify(record, null, 2)}\n`)
  renameSync(unfinished, fileOf(root))
}

function fileOf(root) {
  return join(root, '.spool', 'toolchain.json')
}

function fingerprint(path) {
  const { size, mtimeMs } = statSync(path)
  return `${size} bytes of ${Math.round(mtimeMs)}`
}

function chosenBySettings() {
  return [
    'SPOOL_TEMPORAL_CLI',
    'SPOOL_FFMPEG_PATH',
    'SPOOL_FFPROBE_PATH',
    'SPOOL_ESPEAK_PATH',
    'PYTHON',
  ].map((name) => process.env[name] ?? null)
}
