// Adds to package-lock.json the platform packages that npm left out.
//
// Packages with native code list one optional package per platform. npm drops those that the
// registry could not serve at the moment of `npm install` (a mirror with gaps, a release still being
// published), and from then on `npm ci` refuses the lockfile as "not in sync" on every machine.
// Each such package is named with an exact version by its parent, so its entry can be written down
// without the registry; only the integrity hash is missing, and npm adds it on the next install there.
//
// Usage, after a change of dependencies: node scripts/lockfile/complete-platforms.mjs [--check]

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const OS_BY_WORD = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  openharmony: 'openharmony',
  win32: 'win32',
  windows: 'win32',
}
const CPU_WORDS = ['arm64', 'x64', 'ia32', 'arm', 'riscv64', 'ppc64', 's390x']

/** Reads os, cpu and libc from a name such as `@swc/core-linux-arm64-musl`; null when it names none. */
function platformOf(name) {
  const words = name.split(/[/-]/)
  const os = words.map((word) => OS_BY_WORD[word]).find(Boolean)
  const cpu = CPU_WORDS.find((word) => words.includes(word))
  if (!os || !cpu) return null
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : os === 'linux' && words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : undefined
  return { os: [os], cpu: [cpu], ...(libc && { libc }) }
}

/** Where Node's resolution would find `name` for a package at `place`, or null. */
function resolved(packages, place, name) {
  for (
    let folder = place;
    ;
    folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))
  ) {
    const candidate = `${folder ? `${folder}/` : ''}node_modules/${name}`
    if (packages[candidate]) return candidate
    if (!folder) return null
  }
}

const file = fileURLToPath(new URL('../../package-lock.json', import.meta.url))
const lock = JSON.parse(readFileSync(file, 'utf8'))
const added = []
for (const [place, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (resolved(lock.packages, place, name)) continue
    const platform = platformOf(name)
    if (!platform || !/^\d+\.\d+\.\d+/.test(version)) {
      throw new Error(
        `${name}@${version} (of ${place || 'the project'}) is missing and cannot be derived`,
      )
    }
    // npm nests a version that another parent already took at the top; here none is taken.
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(parent.dev && { dev: true }),
      ...platform,
      optional: true,
    }
    added.push(`${name}@${version}`)
  }
}

if (added.length === 0) {
  console.log('package-lock.json names every platform')
} else if (process.argv.includes('--check')) {
  console.error(`package-lock.json misses ${added.length} platform packages: ${added.join(', ')}`)
  console.error('Run: node scripts/lockfile/complete-platforms.mjs')
  process.exitCode = 1
} else {
  const [root, ...rest] = Object.entries(lock.packages)
  rest.sort(([a], [b]) => (a < b ? -1 : 1))
  lock.packages = Object.fromEntries([root, ...rest])
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`added ${added.length} platform packages to package-lock.json`)
}
