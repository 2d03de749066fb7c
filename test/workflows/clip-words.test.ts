import { expect, test } from 'vitest'
import { failWith } from '../support/activity-fakes.ts'
import { CLIP_WISH, clipWorld } from '../support/clip-fakes.ts'
import { newPipelineOrder, orderPipeline } from '../support/pipeline-orders.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

test.each([
  ['extractAudio', ['extract audio', 'transcribe']],
  ['transcribeRecording', ['transcribe']],
] as const)(
  'words that are lost in %s cost the order its transcript and no clip; a retry writes them down',
  async (activity, failedSteps) => {
    let fails = true
    const world = clipWorld({
      change: (_, base) => ({
        [activity]: async (input: never) => {
          if (fails) throw failWith('PROVIDER_REJECTED')
          return await base[activity](input)
        },
      }),
    })
    await server.with(world.activities, async () => {
      const order = newPipelineOrder('clip', { wish: CLIP_WISH })
      const { handle } = await orderPipeline(server, order)
      expect(await handle.result()).toMatchObject({
        status: 'partial',
        failure: 'PROVIDER_REJECTED',
      })
      const failed = world.results.filter(({ outcome }) => outcome === 'failed')
      expect(failed.map(({ step }) => step)).toEqual(failedSteps)
      expect(Object.keys(world.outputs)).toEqual(['clip-1', 'clip-2', 'clip-3'])
      expect(world.rounds).toEqual([{ held: 48, captured: 36 }])

      fails = false
      world.calls.length = 0
      const again = await orderPipeline(server, { ...order, round: 1 })
      expect(await again.handle.result()).toMatchObject({ status: 'completed' })
      expect(world.calls).toContain('transcribeRecording')
      expect(world.calls.filter((call) => call.startsWith('cutClip'))).toEqual([])
      expect(world.rounds[1]).toEqual({ held: 12, captured: 12 })
    })
  },
)
