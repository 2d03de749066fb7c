import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ScratchProject, scratchProject } from './scratch-project.ts'

const SOURCES = {
  'src/domain/rule.ts': 'export const rule = 1\nexport type Rule = number',
  'src/contracts/port.ts': 'export const port = 1\nexport type Port = number',
  'src/workflows/messages.ts': 'export const message = 1',
  'src/workflows/flow.ts': 'export const flow = 1\nexport type Flow = number',
  'src/activities/act.ts': 'export const act = 1\nexport type Act = number',
  'src/adapters/tool.ts': 'export const tool = 1\nexport type Tool = number',
  'src/db/store.ts': 'export const store = 1\nexport type Store = number',
  'src/api/route.ts': 'export const route = 1\nexport type Route = number',
  'src/sdk/client.ts': 'export const client = 1',
  'src/config.ts': 'export const config = 1\nexport type Config = number',
  'src/composition/part.ts': `import { config } from '../config.ts'\nexport const part = config`,
  'src/worker.ts': `import { part } from './composition/part.ts'\nexport const worker = part`,
} as const

/** An import in a file of the folder `from`, and the rule that forbids it, if one does. */
interface Wall {
  readonly from: string
  readonly line: string
  readonly rule: string | null
}

const wall = (from: string, line: string, rule: string | null): Wall => ({ from, line, rule })

const WALLS: readonly Wall[] = [
  wall('domain', `import type { Port } from '../contracts/port.ts'`, 'domain-walls'),
  wall('domain', `import { z } from 'zod'`, 'domain-packages'),
  wall('domain', `import { join } from 'node:path'`, 'domain-node'),
  wall('domain', `import { rule } from './rule.ts'`, null),
  wall('contracts', `import { z } from 'zod'`, null),
  wall('contracts', `import { rule } from '../domain/rule.ts'`, null),
  wall('contracts', `import type { Store } from '../db/store.ts'`, 'contracts-walls'),
  wall('contracts', `import type { Readable } from 'node:stream'`, null),
  wall('contracts', `import { Readable } from 'node:stream'`, 'contracts-node-types-only'),
  wall('contracts', `import type { Stats } from 'node:fs'`, 'contracts-node'),
  wall('workflows', `import type { Port } from '../contracts/port.ts'`, null),
  wall('workflows', `import { port } from '../contracts/port.ts'`, 'workflows-types-only'),
  wall('workflows', `import type { Act } from '../activities/act.ts'`, 'workflows-walls'),
  wall('workflows', `import { sleep } from '@temporalio/workflow'`, null),
  wall('workflows', `import { Worker } from '@temporalio/worker'`, 'workflows-packages'),
  wall('activities', `import type { Tool } from '../adapters/tool.ts'`, null),
  wall('activities', `import { tool } from '../adapters/tool.ts'`, 'activities-types-only'),
  wall('activities', `import { store } from '../db/store.ts'`, 'activities-types-only'),
  wall('activities', `import { type Store, store } from '../db/store.ts'`, 'activities-types-only'),
  wall('activities', `import { Context } from '@temporalio/activity'`, null),
  wall('activities', `import type { Worker } from '@temporalio/worker'`, null),
  wall(
    'activities',
    `import { Worker } from '@temporalio/worker'`,
    'activities-package-types-only',
  ),
  wall('activities', `import { Pool } from 'pg'`, 'activities-packages'),
  wall('adapters', `import { execa } from 'execa'`, null),
  wall('adapters', `import type { Store } from '../db/store.ts'`, 'adapters-walls'),
  wall('adapters', `import type { Duration } from '@temporalio/common'`, 'adapters-packages'),
  wall('db', `import { Pool } from 'pg'`, null),
  wall('db', `import { tool } from '../adapters/tool.ts'`, 'db-walls'),
  wall('db', `import { z } from 'zod'`, 'db-packages'),
  wall('api', `import { store } from '../db/store.ts'`, null),
  wall('api', `import { message } from '../workflows/messages.ts'`, null),
  wall('api', `import type { Flow } from '../workflows/flow.ts'`, null),
  wall('api', `import { flow } from '../workflows/flow.ts'`, 'api-types-only'),
  wall('api', `import type { Tool } from '../adapters/tool.ts'`, 'api-walls'),
  wall('api', `import type { Act } from '../activities/act.ts'`, 'api-walls'),
  wall('api', `import { Worker } from '@temporalio/worker'`, 'api-packages'),
  wall('sdk', `import type { Rule } from '../domain/rule.ts'`, null),
  wall('sdk', `import { rule } from '../domain/rule.ts'`, 'sdk-types-only'),
  wall('sdk', `import type { Port } from '../contracts/port.ts'`, 'sdk-walls'),
  wall('sdk', `import { z } from 'zod'`, 'sdk-packages'),
  wall('sdk', `import { join } from 'node:path'`, 'sdk-node'),
  wall('api', `import { client } from '../sdk/client.ts'`, 'api-walls'),
  wall('db', `import { config } from '../config.ts'`, 'settings-are-given'),
  wall('api', `import { part } from '../composition/part.ts'`, 'composition-is-for-roots'),
  wall('api', `import { worker } from '../worker.ts'`, 'composition-roots-are-roots'),
  wall('db', `import { x } from '../../test/support/x.ts'`, 'product-knows-no-tools'),
  wall('adapters', `import { test } from 'vitest'`, 'declared-packages'),
  wall('adapters', `import { x } from './not-there.ts'`, 'resolvable'),
]

const LISTED = WALLS.map((each, index) => ({ ...each, index }))

interface CruiseReport {
  readonly summary: {
    readonly violations: readonly {
      readonly from: string
      readonly rule: { readonly name: string }
    }[]
  }
}

describe('walls between folders', () => {
  let project: ScratchProject
  const broken = new Map<string, string[]>()
  const fileOf = (index: number) => `src/${WALLS[index]?.from}/import-${index}.ts`

  beforeAll(async () => {
    const files: Record<string, string> = {
      ...SOURCES,
      'test/support/x.ts': 'export const x = 1',
      'src/db/a.ts': `import { b } from './b.ts'\nexport const a = () => b`,
      'src/db/b.ts': `import { a } from './a.ts'\nexport const b = () => a`,
      'src/db/c.ts': `import type { D } from './d.ts'\nexport type C = D | 1`,
      'src/db/d.ts': `import type { C } from './c.ts'\nexport type D = C | 2`,
    }
    for (const [index, each] of WALLS.entries()) {
      files[fileOf(index)] = `${each.line}\nexport const n${index} = 1`
    }
    project = scratchProject(files)
    const cruise = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'src']
    const report = JSON.parse(await project.run('depcruise', cruise)) as CruiseReport
    for (const { from, rule } of report.summary.violations) {
      broken.set(from, [...(broken.get(from) ?? []), rule.name])
    }
  })
  afterAll(() => project.remove())

  const brokenBy = (index: number) => broken.get(fileOf(index)) ?? []

  it.each(LISTED.filter(({ rule }) => rule !== null))('$from with «$line» breaks $rule', (each) => {
    expect(brokenBy(each.index)).toContain(each.rule)
  })

  it.each(LISTED.filter(({ rule }) => rule === null))('$from may say «$line»', ({ index }) => {
    expect(brokenBy(index)).toEqual([])
  })

  it('finds a cycle of values and lets types refer to each other', () => {
    expect([...(broken.get('src/db/a.ts') ?? []), ...(broken.get('src/db/b.ts') ?? [])]).toContain(
      'no-cycles',
    )
    expect(broken.get('src/db/c.ts')).toBeUndefined()
    expect(broken.get('src/db/d.ts')).toBeUndefined()
  })

  it('lets the composition roots have the settings', () => {
    expect(broken.get('src/worker.ts')).toBeUndefined()
  })
})
