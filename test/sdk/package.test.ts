import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../../scripts/stack/toolchain.ts'

let folder: string
const node = (cwd: string, ...args: string[]): string =>
  execFileSync(process.execPath, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spool-sdk-'))
  const built = join(folder, 'node_modules', 'spool-sdk')
  mkdirSync(built, { recursive: true })
  node(projectRoot, join(projectRoot, 'scripts', 'build-sdk.ts'), built)
  // What `files` of its manifest leaves out, a package does not have.
  for (const file of readdirSync(join(built, 'domain'), { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.js')) rmSync(join(built, 'domain', file))
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
}, 60_000)
afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const PROGRAM = `import { compose, generateImage, imageModel } from 'spool-sdk'
const hello = generateImage({ model: imageModel('local/card', 'local'), prompt: 'Hello' })
const { jobs } = compose(hello).toJSON()
`

test('a program elsewhere runs with the package, and without anything of the server', () => {
  writeFileSync(join(folder, 'program.mjs'), `${PROGRAM}console.log(JSON.stringify(jobs))\n`)
  expect(JSON.parse(node(folder, 'program.mjs'))).toMatchObject([
    { id: 'job1', type: 'generateImage', params: { modelId: 'local/card', prompt: 'Hello' } },
  ])
})

test('a program elsewhere is checked by the types of the package', () => {
  const typed = `${PROGRAM}export default jobs\n`
  const wrong = `generateImage({ model: imageModel('local/card', 'fal'), prompt: 'Hello' })\n`
  writeFileSync(join(folder, 'right.ts'), typed)
  writeFileSync(join(folder, 'wrong.ts'), `${typed}${wrong}`)
  const compilerOptions = { module: 'nodenext', strict: true, noEmit: true, types: [] }
  const files = ['right.ts', 'wrong.ts']
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  const tsc = join(projectRoot, 'node_modules', '.bin', 'tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', '.'], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect(stdout).toMatch(/wrong\.ts\(5,\d+\): error TS2345: .*'"fal"'/)
  expect(stdout.match(/error TS/g)).toHaveLength(1)
}, 60_000)
