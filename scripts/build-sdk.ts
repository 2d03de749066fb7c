// `npm run build:sdk [-- folder]`: the client as a package of its own, in plain JavaScript with its
// types, for programs that live elsewhere: `npm install <folder>`, or `npm pack` it first.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { projectRoot } from './stack/toolchain.ts'

const outDir = resolve(process.argv[2] ?? join(projectRoot, 'dist', 'sdk'))

mkdirSync(outDir, { recursive: true })
execFileSync(
  process.execPath,
  [
    join(projectRoot, 'node_modules', '.bin', 'tsc'),
    ...['-p', join(projectRoot, 'tsconfig.sdk.json'), '--outDir', outDir],
  ],
  { stdio: 'inherit' },
)

const { version, license } = JSON.parse(
  readFileSync(join(projectRoot, 'package.json'), 'utf8'),
) as {
  readonly version: string
  readonly license: string
}
const manifest = {
  name: 'spool-sdk',
  version,
  license,
  description: 'The client of Spool: describes media work as a program, and orders it.',
  type: 'module',
  engines: { node: '>=20' },
  exports: { '.': { types: './sdk/index.d.ts', default: './sdk/index.js' } },
  // Of the server's own rules only the types: what runs is the client alone.
  files: ['sdk', 'domain/**/*.d.ts'],
  sideEffects: false,
}
writeFileSync(join(outDir, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
cpSync(join(projectRoot, 'LICENSE'), join(outDir, 'LICENSE'))
console.log(`The package is in ${outDir}.`)
