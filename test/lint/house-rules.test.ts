import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ScratchProject, scratchProject } from './scratch-project.ts'

interface Example {
  readonly rule: string
  /** What the rule is for, as the end of "refuses …". */
  readonly refuses: string
  readonly path: string
  readonly bad: string
  readonly good: string
  /** Where the good example lies, if that is the difference. */
  readonly goodPath?: string
}

const lines = (count: number) => '  step()\n'.repeat(count)
const STEP = 'declare const step: () => void\n'
const WORK = 'declare const work: (item?: number) => Promise<number>\n'

const EXAMPLES: readonly Example[] = [
  {
    rule: 'typescript(no-floating-promises)',
    refuses: 'a promise that nobody waits for',
    path: 'src/db/a.ts',
    bad: `${WORK}export const run = () => { work() }`,
    good: `${WORK}export const run = async () => { await work() }`,
  },
  {
    rule: 'typescript(no-misused-promises)',
    refuses: 'a promise as a condition',
    path: 'src/db/a.ts',
    bad: `${WORK}export const run = () => { if (work()) throw new Error('x') }`,
    good: `${WORK}export const run = async () => { if (await work()) throw new Error('x') }`,
  },
  {
    rule: 'typescript(switch-exhaustiveness-check)',
    refuses: 'a switch that forgets a state',
    path: 'src/domain/a.ts',
    bad: `export const f = (s: 'a' | 'b') => { switch (s) { case 'a': return 1 } return 0 }`,
    good: `export const f = (s: 'a' | 'b') => { switch (s) { case 'a': return 1; case 'b': return 2 } }`,
  },
  {
    rule: 'typescript(consistent-type-imports)',
    refuses: 'a type that is imported as a value',
    path: 'src/db/a.ts',
    bad: `import { Pool } from 'pg'\nexport const f = (pool: Pool) => pool.end()`,
    good: `import type { Pool } from 'pg'\nexport const f = (pool: Pool) => pool.end()`,
  },
  {
    rule: 'typescript(no-explicit-any)',
    refuses: 'any',
    path: 'src/domain/a.ts',
    bad: 'export const f = (value: any): unknown => value',
    good: 'export const f = (value: unknown): unknown => value',
  },
  {
    rule: 'typescript(return-await)',
    refuses: 'a promise that leaves a try before it fails',
    path: 'src/db/a.ts',
    bad: `${WORK}export const f = async () => { try { return work() } catch { return 0 } }`,
    good: `${WORK}export const f = async () => { try { return await work() } catch { return 0 } }`,
  },
  {
    rule: 'eslint(no-console)',
    refuses: 'a print outside scripts',
    path: 'src/api/a.ts',
    bad: `console.log('x')`,
    good: `console.log('x')`,
    goodPath: 'scripts/a.ts',
  },
  {
    rule: 'node(no-process-env)',
    refuses: 'reading the environment outside the composition roots',
    path: 'src/adapters/a.ts',
    bad: 'export const home = process.env.HOME',
    good: 'export const home = process.env.HOME',
    goodPath: 'src/worker.ts',
  },
  {
    rule: 'eslint(no-restricted-imports)',
    refuses: 'the environment by another door',
    path: 'src/adapters/a.ts',
    bad: `import { env } from 'node:process'\nexport const home = env.HOME`,
    good: `import { homedir } from 'node:os'\nexport const home = homedir()`,
  },
  {
    rule: 'eslint(max-lines)',
    refuses: 'a file of more than 400 lines',
    path: 'src/domain/a.ts',
    bad: `${STEP}${'step()\n'.repeat(401)}`,
    good: `${STEP}${'step()\n'.repeat(390)}`,
  },
  {
    rule: 'eslint(max-lines-per-function)',
    refuses: 'a factory that has grown beyond a page or two',
    path: 'src/db/a.ts',
    bad: `${STEP}export const f = () => {\n${lines(160)}}`,
    good: `${STEP}export const f = () => {\n${lines(140)}}`,
  },
  {
    rule: 'eslint(max-params)',
    refuses: 'a fifth positional parameter',
    path: 'src/domain/a.ts',
    bad: 'export const f = (a: 1, b: 1, c: 1, d: 1, e: 1) => [a, b, c, d, e]',
    good: 'export const f = (a: 1, b: 1, c: 1, d: 1) => [a, b, c, d]',
  },
  {
    rule: 'eslint(no-restricted-globals)',
    refuses: 'the process in a workflow',
    path: 'src/workflows/a.ts',
    bad: 'export const f = () => process.uptime()',
    good: 'export const f = () => Date.now()',
  },
  {
    rule: 'import(no-nodejs-modules)',
    refuses: 'a module of Node in a workflow',
    path: 'src/workflows/a.ts',
    bad: `import { join } from 'node:path'\nexport const f = () => join('a', 'b')`,
    good: `import { sleep } from '@temporalio/workflow'\nexport const f = () => sleep(1)`,
  },
  {
    rule: 'eslint(no-restricted-properties)',
    refuses: 'a clock of its own in the domain',
    path: 'src/domain/a.ts',
    bad: 'export const f = () => Date.now()',
    good: 'export const f = (nowMs: number) => new Date(nowMs)',
  },
  {
    rule: 'spool(function-length)',
    refuses: 'a function of more than 60 lines',
    path: 'src/domain/a.ts',
    bad: `${STEP}export const f = () => {\n${lines(59)}}`,
    good: `${STEP}export const f = () => {\n${lines(58)}}`,
  },
  {
    rule: 'spool(function-length)',
    refuses: 'a long method, not the factory of many short ones',
    path: 'src/db/a.ts',
    bad: `${STEP}export const f = () => ({\na() {\n${lines(60)}},\n})`,
    good: `${STEP}export const f = () => ({\na() {\n${lines(50)}},\nb() {\n${lines(50)}},\n})`,
  },
  {
    rule: 'spool(bounded-concurrency)',
    refuses: 'as many branches of a workflow as there are items',
    path: 'src/workflows/a.ts',
    bad: `${WORK}export const f = (items: number[]) => Promise.all(items.map((item) => work(item)))`,
    good: `${WORK}export const f = () => Promise.all([work(1), work(2)])`,
  },
  {
    rule: 'spool(no-command-string)',
    refuses: 'a command that is built as a text',
    path: 'src/adapters/a.ts',
    bad: `import { exec } from 'node:child_process'\nexport const f = (x: string) => exec(\`ffmpeg -i \${x}\`)`,
    good: `import { spawn } from 'node:child_process'\nexport const f = (x: string) => spawn('ffmpeg', ['-i', \`file:\${x}\`])`,
  },
  {
    rule: 'spool(no-command-string)',
    refuses: 'a shell between us and the program',
    path: 'scripts/a.ts',
    bad: `import { spawn } from 'node:child_process'\nexport const f = (x: string) => spawn('ls', [x], { shell: true })`,
    good: `import { spawn } from 'node:child_process'\nexport const f = (x: string) => spawn('ls', [x], { shell: false })`,
  },
  {
    rule: 'spool(no-command-string)',
    refuses: 'a built text behind -c',
    path: 'scripts/a.ts',
    bad: `import { spawn } from 'node:child_process'\nexport const f = (x: string) => spawn('sh', ['-c', 'ls ' + x])`,
    good: `import { spawn } from 'node:child_process'\nexport const f = (x: string) => spawn('sh', ['-c', 'ls "$0"', x])`,
  },
  {
    rule: 'spool(no-recursive-delete)',
    refuses: 'the deletion of a folder outside the workspace',
    path: 'src/adapters/storage/a.ts',
    bad: `import { rm } from 'node:fs/promises'\nexport const f = (x: string) => rm(x, { recursive: true })`,
    good: `import { rm } from 'node:fs/promises'\nexport const f = (x: string) => rm(x, { force: true })`,
  },
  {
    rule: 'spool(no-recursive-delete)',
    refuses: 'the same by the synchronous call of a namespace, but not in the workspace itself',
    path: 'src/activities/media/a.ts',
    bad: `import fs from 'node:fs'\nexport const f = (x: string) => fs.rmSync(x, { recursive: true })`,
    good: `import fs from 'node:fs'\nexport const f = (x: string) => fs.rmSync(x, { recursive: true })`,
    goodPath: 'src/adapters/workspace.ts',
  },
  {
    rule: 'spool(unit-suffix)',
    refuses: 'a number without a unit in the interface of an activity',
    path: 'src/contracts/a.ts',
    bad: 'export interface A { readonly duration: number }',
    good: 'export interface A { readonly durationSeconds: number; readonly sizeBytesMax: number | null }',
  },
  {
    rule: 'spool(unit-suffix)',
    refuses: 'a number without a unit in a schema',
    path: 'src/contracts/http/a.ts',
    bad: `import { z } from 'zod'\nexport const a = z.object({ timeout: z.coerce.number().int().optional() })`,
    good: `import { z } from 'zod'\nexport const a = z.object({ timeoutMs: z.int().optional(), attempts: z.int(), name: z.string() })`,
  },
  {
    rule: 'spool(explained-disable)',
    refuses: 'a silenced rule without a reason',
    path: 'src/db/a.ts',
    bad: `// oxlint-disable-next-line eslint/no-console\nconsole.log('x')`,
    good: `// oxlint-disable-next-line eslint/no-console -- the logger is not there yet\nconsole.log('x')`,
  },
  {
    rule: 'spool(explained-disable)',
    refuses: 'a silenced line that names no rule',
    path: 'src/db/a.ts',
    bad: `console.log('x') // oxlint-disable-line -- the logger is not there yet`,
    good: `console.log('x') // oxlint-disable-line eslint/no-console -- the logger is not there yet`,
  },
  {
    rule: 'spool(explained-disable)',
    refuses: 'a silenced file',
    path: 'src/db/a.ts',
    bad: `/* oxlint-disable */\nconsole.log('x')`,
    good: `/* oxlint-disable eslint/no-console -- the logger is not there yet */\nconsole.log('x')`,
  },
  {
    rule: 'spool(explained-disable)',
    refuses: 'a silenced compiler',
    path: 'src/db/a.ts',
    bad: `// @ts-ignore\nexport const a: string = 'x'`,
    good: `// @ts-expect-error -- the package declares it wrongly\nexport const a: string = 1`,
  },
]

describe('house rules', () => {
  let project: ScratchProject
  const findings = new Map<string, Set<string>>()

  /** Each example in a folder of its own: overrides go by the beginning of a path. */
  const placed = (path: string, index: number, kind: 'bad' | 'good') =>
    path === 'src/worker.ts' || path.endsWith('workspace.ts')
      ? path
      : path.replace(/([^/]+)$/, `${kind}-${index}/$1`)
  const paths = EXAMPLES.map(({ path, goodPath }, index) => ({
    bad: placed(path, index, 'bad'),
    good: placed(goodPath ?? path, index, 'good'),
  }))

  beforeAll(async () => {
    const files: Record<string, string> = {}
    for (const [index, { bad, good }] of EXAMPLES.entries()) {
      const place = paths[index]
      if (place) Object.assign(files, { [place.bad]: bad, [place.good]: good })
    }
    project = scratchProject(files)
    const report = JSON.parse(
      await project.run('oxlint', ['--format', 'json', 'src', 'scripts']),
    ) as {
      diagnostics: { code: string; filename: string }[]
    }
    for (const { code, filename } of report.diagnostics) {
      findings.set(filename, (findings.get(filename) ?? new Set()).add(code))
    }
  })
  afterAll(() => project.remove())

  it.each(EXAMPLES.map(({ rule, refuses }, index) => ({ rule, refuses, index })))(
    '$rule refuses $refuses',
    ({ rule, index }) => {
      expect(findings.get(paths[index]?.bad ?? '') ?? new Set()).toContain(rule)
      expect(findings.get(paths[index]?.good ?? '') ?? new Set()).not.toContain(rule)
    },
  )
})
