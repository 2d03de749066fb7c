import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { causeIn, findProgram, runCommand } from './command.mjs'
import { canUseApt, ensureDebianPackage } from './debian.mjs'
import { exclusively } from './exclusive.mjs'
import { withProgress } from './progress.mjs'
import { isAtLeast } from './versions.mjs'

const MINIMUM_VERSION = '3.9'
/** Written last: an environment without it was never finished. */
const STAMP = 'spool-stamp'

/**
 * Finds the virtual environment with the Python packages of Spool, or makes it in the per-user cache,
 * where the next clone finds it; it is keyed by the requirements, so that another version gets another
 * one. Returns `{ path }`, or `{ path: null, reason }`: Spool does without Python, but for the parts
 * that are written in it.
 */
export async function ensurePython({ root, note, onOutput }) {
  const python = await findPython({ note, onOutput })
  if (!python.ok) return { path: null, reason: python.reason }
  const folder = environmentFolder(root, python.version)
  const path = join(folder, 'bin', 'python')
  if (existsSync(join(folder, STAMP))) return { path }
  return exclusively(
    `${folder}.lock`,
    async () => {
      if (existsSync(join(folder, STAMP))) return { path }
      const made = await withProgress('Making the Python environment', () =>
        make({ python: python.path, requirements: requirementsOf(root), folder, onOutput }),
      )
      return made.ok ? { path } : { path: null, reason: made.reason }
    },
    (pid) => note(`Process ${pid} is already making the Python environment; waiting for it.`),
  )
}

/** What the environment depends on, for the record of the toolchain. */
export function pythonRequirements(root) {
  return createHash('sha256')
    .update(readFileSync(requirementsOf(root)))
    .digest('hex')
    .slice(0, 16)
}

function requirementsOf(root) {
  return join(root, 'python', 'requirements.txt')
}

function environmentFolder(root, version) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(cache, 'spool', `python-${version}-${pythonRequirements(root)}`)
}

/** A Python that can make environments: PYTHON → PATH → Debian's, as root. */
async function findPython({ note, onOutput }) {
  const found = await inspectPython()
  if (found.ok || process.env.PYTHON || !canUseApt()) return found
  note(`Python will not do: ${found.reason}.`)
  // The second package has what Debian takes out of the first.
  const installed = await ensureDebianPackage('python3-venv', onOutput)
  return installed.ok ? inspectPython() : installed
}

async function inspectPython() {
  const name = process.env.PYTHON || 'python3'
  const path = findProgram(name)
  if (!path)
    return {
      ok: false,
      reason: `${name} is missing; install Python ${MINIMUM_VERSION} or newer with its venv module`,
    }
  const probe =
    'import sys, ensurepip, venv; print(sys.version_info[0], sys.version_info[1], sep=".")'
  const about = await runCommand(path, ['-I', '-c', probe], { timeoutMs: 30_000 })
  if (!about.ok) {
    return {
      ok: false,
      reason: `${path} cannot make virtual environments (${causeIn(about.output)}); on Debian and Ubuntu install python3-venv`,
    }
  }
  const version = about.output.trim()
  if (isAtLeast(version, MINIMUM_VERSION)) return { ok: true, path, version }
  return { ok: false, reason: `${path} is ${version}, ${MINIMUM_VERSION} or newer is needed` }
}

/** Environments cannot be moved, so what is unfinished is known by the missing stamp. */
async function make({ python, requirements, folder, onOutput }) {
  rmSync(folder, { recursive: true, force: true })
  const venv = await runCommand(python, ['-I', '-m', 'venv', folder], { onOutput })
  if (!venv.ok) return { ok: false, reason: causeIn(venv.output) }
  const args = ['-m', 'pip', 'install', '--no-deps', '--require-hashes', '--prefer-binary']
  const installed = await runCommand(
    join(folder, 'bin', 'python'),
    [...args, '--disable-pip-version-check', '--requirement', requirements],
    { onOutput },
  )
  if (!installed.ok) return { ok: false, reason: causeIn(installed.output) }
  writeFileSync(join(folder, `${STAMP}.part`), requirements)
  renameSync(join(folder, `${STAMP}.part`), join(folder, STAMP))
  return { ok: true }
}
