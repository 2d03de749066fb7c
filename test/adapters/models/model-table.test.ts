import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProviders } from '../../../src/adapters/models/create-providers.ts'
import type { ModelAnswer, ModelProvider } from '../../../src/adapters/models/model-provider.ts'
import type {
  ModelFacts,
  ParamRule,
  ReadyParams,
  ReadySource,
} from '../../../src/domain/generation/models/model-facts.ts'
import { PARAM_NAMES } from '../../../src/domain/generation/models/model-facts.ts'
import { modelRequest } from '../../../src/domain/generation/models/model-request.ts'
import { findRoute, MODELS } from '../../../src/domain/generation/models/table.ts'
import { startFakeAsyncVideo } from '../../support/fake-async-video.ts'
import { startFakeElevenlabs } from '../../support/fake-elevenlabs.ts'
import { startFakeFal } from '../../support/fake-fal.ts'
import type { FakeProvider } from '../../support/fake-model-desk.ts'
import { startFakeOpenai } from '../../support/fake-openai.ts'
import { startFakeReplicate } from '../../support/fake-replicate.ts'

/** Every model at every provider that is not this machine. */
const ROUTES = Object.entries<ModelFacts>(MODELS).flatMap(([model, { routes }]) =>
  Object.keys(routes)
    .filter((provider) => provider !== 'local')
    .map((provider) => ({ model, provider })),
)

const fileOf = (media: ReadySource['media']): ReadySource => ({
  url: `https://spool.example.com/files/${media}`,
  media,
  durationSeconds: media === 'image' ? null : 2,
})

const valueOf = (rule: ParamRule): unknown => {
  switch (rule.kind) {
    case 'text':
      return 'fr'
    case 'file':
      return fileOf(rule.media[0] ?? 'image')
    case 'files':
      return [fileOf('image')]
    case 'choice':
      return rule.default ?? rule.of[0]
    case 'number':
      return rule.default ?? rule.min
    case 'flag':
      return true
    case 'schema':
      return { type: 'object', properties: {}, required: [], additionalProperties: false }
  }
}

/** Something for everything that a model takes. */
const everything = ({ takes }: ModelFacts): ReadyParams => {
  const fields = new Map<string, string>(
    Object.entries(PARAM_NAMES).map(([field, name]) => [name, field]),
  )
  const params: Record<string, unknown> = {}
  const extra: Record<string, unknown> = {}
  for (const [name, rule] of Object.entries(takes)) {
    const field = fields.get(name)
    if (field === undefined) extra[name] = valueOf(rule)
    else params[field] = valueOf(rule)
  }
  return { ...params, extra } as ReadyParams
}

describe('the table of models and the providers', () => {
  const fakes: FakeProvider[] = []
  let providers: ReadonlyMap<string, ModelProvider>
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spool-table-'))
    const started = await Promise.all([
      startFakeReplicate(),
      startFakeFal(),
      startFakeElevenlabs(),
      startFakeOpenai(),
      startFakeAsyncVideo(),
    ])
    const [replicate, fal, elevenlabs, openai, asyncVideo] = started
    fakes.push(...started)
    providers = createProviders({
      replicate: { apiKey: replicate.apiKey, baseUrl: replicate.baseUrl, webhookSecret: null },
      fal,
      elevenlabs,
      openai,
      asyncVideo,
    })
  })
  afterAll(async () => {
    for (const fake of fakes) await fake.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('know the same providers', () => {
    expect(new Set(ROUTES.map(({ provider }) => provider))).toEqual(new Set(providers.keys()))
  })

  const made = async (provider: ModelProvider, choice: (typeof ROUTES)[number]) => {
    const facts = MODELS[choice.model as keyof typeof MODELS] as ModelFacts
    const call = {
      ...modelRequest(choice, everything(facts)),
      operation: facts.operation,
      reference: `ours:${choice.provider}:${choice.model}`,
      webhookUrl: null,
    }
    const submission = await provider.submit(call, { folder })
    if (submission.status === 'completed') return submission.answer
    const state = await provider.inspect(submission.handle, { folder })
    if (state.status !== 'completed') throw new Error(`${choice.model} is ${state.status}`)
    return state.answer
  }

  /** What an answer brings, by the eyes of the table. */
  const mediaOf = async (answer: ModelAnswer, choice: (typeof ROUTES)[number]): Promise<string> => {
    if ('file' in answer) return answer.file.contentType.split('/')[0] ?? ''
    const [output] = findRoute(choice)?.outputs(answer.json) ?? []
    if (output?.kind === 'url') {
      const { headers } = await fetch(output.url, { method: 'HEAD' })
      return headers.get('content-type')?.split('/')[0] ?? ''
    }
    return output?.kind === 'words' ? 'transcript' : (output?.kind ?? 'nothing')
  }

  it.each(ROUTES)('understand each other: $model at $provider', async (choice) => {
    const provider = providers.get(choice.provider)
    if (provider === undefined) throw new Error(`no ${choice.provider}`)
    const answer = await made(provider, choice)
    const { makes } = MODELS[choice.model as keyof typeof MODELS] as ModelFacts
    expect(await mediaOf(answer, choice)).toBe(makes)
  })
})
