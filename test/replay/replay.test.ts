import { readdirSync, readFileSync } from 'node:fs'
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js'
import { DeterminismViolationError } from '@temporalio/workflow'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { beforeAll, describe, expect, test } from 'vitest'
import * as workflows from '../../src/workflows/index.ts'
import { workflowBundle } from '../support/workflow-bundle.ts'

/** A history as it is committed: what Temporal's own tools read and write. */
interface RecordedHistory {
  readonly events: readonly {
    readonly workflowExecutionStartedEventAttributes?: {
      readonly workflowId: string
      readonly workflowType: { readonly name: string }
    }
    readonly activityTaskScheduledEventAttributes?: {
      readonly activityType: { readonly name: string }
    }
  }[]
}

const folder = new URL('histories/', import.meta.url)
const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''))
const textOf = (name: string): string => readFileSync(new URL(`${name}.json`, folder), 'utf8')
const startOf = (text: string) => {
  const [first] = (JSON.parse(text) as RecordedHistory).events
  return first!.workflowExecutionStartedEventAttributes!
}

let codePath: string

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) })
  codePath = await workflowBundle()
})

/** How a replay went: null when today's code gives the commands of the history again. */
const replay = async (text: string): Promise<unknown> => {
  const { workflowId } = startOf(text)
  const histories = [{ workflowId, history: historyFromJSON(JSON.parse(text)) }]
  for await (const { error } of Worker.runReplayHistories(
    { workflowBundle: { codePath } },
    histories,
  )) {
    return error ?? null
  }
  return new Error('nothing was replayed')
}

test.each(names)(
  '%s replays: an execution under way survives the next deployment',
  async (name) => {
    expect(await replay(textOf(name))).toBeNull()
  },
)

test('a history in which another activity came first does not replay', async () => {
  const text = textOf('render-completed')
  const altered = text.replaceAll('"cropAudio"', '"makeThumbnails"')
  expect(altered).not.toBe(text)
  expect(await replay(altered)).toBeInstanceOf(DeterminismViolationError)
})

describe('the committed histories', () => {
  test('cover every workflow', () => {
    const types = new Set(names.map((name) => startOf(textOf(name)).workflowType.name))
    expect([...types].toSorted()).toEqual(Object.keys(workflows).toSorted())
  })

  test('hold no secrets, no signatures, and nothing of the machine they were made on', () => {
    for (const name of names) {
      const text = textOf(name)
      // Payloads are in base64.
      const decoded = [...text.matchAll(/"data": ?"([^"]*)"/g)]
        .map(([, data = '']) => Buffer.from(data, 'base64').toString())
        .join('\n')
      for (const content of [text, decoded]) {
        expect(content).not.toMatch(
          /whsec_|sig(nature)?=|Bearer|\/webhooks\/tasks\/|spool_[A-Za-z0-9]{20}/,
        )
        expect(content).not.toMatch(/\/(home|root|tmp|Users|var|work)\/|"\d+@/)
      }
    }
  })
})
