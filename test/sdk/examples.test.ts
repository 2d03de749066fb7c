/** The programs and plans under examples/plans, and the page that tells how to write them: each is a
 * plan that a server with all keys would run. */

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectRoot } from '../../scripts/stack/toolchain.ts'
import { PLAN_TOOLS } from '../../src/api/mcp/plan-tools.ts'
import { nearestName } from '../../src/api/nearest-name.ts'
import { readPlan } from '../../src/api/read-plan.ts'
import { estimatePlan } from '../../src/domain/generation/estimate.ts'
import { lintPlan } from '../../src/domain/generation/lint-plan.ts'
import { MODELS, MODEL_NAMES } from '../../src/domain/generation/models/table.ts'
import { OPERATIONS } from '../../src/domain/generation/operations.ts'

const run = promisify(execFile)
const folder = join(projectRoot, 'examples', 'plans')
const filesOf = (ending: string) => readdirSync(folder).filter((name) => name.endsWith(ending))

/** What a server that can do everything has to say of a plan. */
const findingsOf = (body: unknown) => {
  const reading = readPlan(body, { isConfigured: () => true, jobsMax: 100 })
  const { jobs, jobIds, namesFallbacks, maxCredits } = reading
  const found = lintPlan({
    ...{ jobs, jobIds, namesFallbacks, maxCredits, nearest: nearestName },
    ...{ missingSetting: () => null, mediumOf: () => null, sourceProblems: new Map() },
    estimate: estimatePlan(jobs, { plan: 'creator' }),
    availableCredits: null,
  })
  return [...reading.findings, ...found]
}

let recorder: Server
let apiUrl: string
const ordered: unknown[] = []
beforeAll(async () => {
  recorder = createServer((request, response) => {
    const answer = async () => {
      if (request.method === 'POST') ordered.push(await json(request))
      const accepted = { executionId: 'exec_1', status: 'pending' }
      const done = { status: 'completed', result: { url: 'https://example.com/done.mp4' } }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(request.method === 'POST' ? accepted : done))
    }
    void answer()
  })
  recorder.listen(0, '127.0.0.1')
  await once(recorder, 'listening')
  apiUrl = `http://127.0.0.1:${(recorder.address() as AddressInfo).port}`
})
afterAll(() => {
  recorder?.closeAllConnections()
  recorder?.close()
})

describe('the program', () => {
  test.each(filesOf('.ts'))('%s orders a plan that can run', async (name) => {
    ordered.length = 0
    const env = { PATH: process.env['PATH'], SPOOL_API_URL: apiUrl, SPOOL_API_KEY: 'sk_test' }
    const { stdout } = await run(process.execPath, [join(folder, name)], { cwd: folder, env })
    expect(stdout).toMatch(/done\.mp4|completed/)
    expect(ordered).toHaveLength(1)
    const [{ executionPlan }] = ordered as [{ executionPlan: { jobs: unknown[] } }]
    expect(executionPlan.jobs.length).toBeGreaterThan(1)
    expect(findingsOf(executionPlan)).toEqual([])
  })
})

describe('the plan', () => {
  test.each(filesOf('.json'))('%s can run', (name) => {
    expect(findingsOf(JSON.parse(readFileSync(join(folder, name), 'utf8')))).toEqual([])
  })

  test('of a fresh machine needs no key', () => {
    const body: unknown = JSON.parse(readFileSync(join(folder, 'local.json'), 'utf8'))
    const isConfigured = ({ provider }: { readonly provider: string }) => provider === 'local'
    const { plan } = readPlan(body, { isConfigured, jobsMax: 100 })
    const providers = plan?.jobs.flatMap((job) => ('choices' in job ? job.choices : []))
    expect(new Set(providers?.map(({ provider }) => provider))).toEqual(new Set(['local']))
  })
})

describe('the page about plans', () => {
  const page = readFileSync(join(projectRoot, 'docs', 'plans.md'), 'utf8')

  test('shows a plan that can run anywhere', () => {
    const [, plan = ''] = /```json\n(\{\n {2}"jobs"[^`]*)```/.exec(page) ?? []
    expect(findingsOf(JSON.parse(plan))).toEqual([])
  })

  test('names every operation, model and provider', () => {
    const providers = Object.values(MODELS).flatMap(({ routes }) => Object.keys(routes))
    for (const name of [...Object.keys(OPERATIONS), ...MODEL_NAMES])
      expect(page).toContain(`\`${name}\``)
    for (const name of new Set(providers)) expect(page).toContain(name)
  })

  test('names every tool of agents', () => {
    for (const { name } of PLAN_TOOLS) expect(page).toContain(`\`${name}\``)
  })
})
