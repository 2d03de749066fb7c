import { z } from 'zod'
import { planLint } from '../../contracts/http/generations/lint.ts'
import { modelList, type PlannableModel } from '../../contracts/http/generations/models.ts'
import { planJsonSchema } from '../../contracts/http/generations/plan.ts'
import type { ModelFacts } from '../../domain/generation/models/model-facts.ts'
import { MODELS } from '../../domain/generation/models/table.ts'
import type { ModelChoice } from '../../domain/generation/plan.ts'
import { CREDIT_MICRO_USD, type ModelPrice } from '../../domain/generation/prices.ts'
import { judgePlan, missingSettingOf } from '../judge-plan.ts'
import { orderTimeoutMs, problems, type Api, type RouteContext } from './route-context.ts'

const presentPrice = (price: ModelPrice): PlannableModel['providers'][number]['price'] => {
  if (price.kind === 'own') return { task: price.task }
  const { per, microUsd, by, pricedOn } = price
  return { per, microUsd, pricedOn, ...(by === undefined ? {} : { by: { ...by } }) }
}

/** A model as a writer of plans sees it. */
const presentModel = (
  model: string,
  facts: ModelFacts,
  missingSetting: (choice: ModelChoice) => string | null,
): PlannableModel => {
  const providers = Object.entries(facts.routes).map(([provider, { price }]) => {
    const missing = missingSetting({ model, provider })
    const usable = missing === null
    return { provider, usable, missingSetting: missing, price: presentPrice(price) }
  })
  return {
    ...{ model, operation: facts.operation, makes: facts.makes, summary: facts.summary },
    params: facts.takes as PlannableModel['params'],
    needs: facts.needs.map((names) => [...names]),
    providers,
    fallbacks: [...facts.fallbacks],
    usable: providers.some(({ usable }) => usable),
  }
}

/** What one needs to write a plan: its schema, the models, and a judgement before anything is paid. */
export const generationRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const schema = planJsonSchema()

  app.route({
    method: 'POST',
    url: '/generations/lint',
    schema: {
      summary: 'Judge a plan, and say what it will cost',
      description:
        'Nothing is ordered or held. Takes what `POST /v1/generations` takes; a plan that cannot be read is answered with findings as well.',
      tags: ['generations'],
      body: z.unknown().meta({ description: 'A plan, in Spool’s form or in the published one.' }),
      response: { 200: planLint, ...problems(400, 401) },
    },
    // Sources are tried, which takes their servers' time.
    handlerTimeout: orderTimeoutMs(context),
    handler: async (request) => {
      const { plan, findings, estimate } = await judgePlan(context, request, request.body)
      const isClean = !findings.some(({ severity }) => severity === 'error')
      return { ok: plan !== null && isClean, findings: [...findings], estimate }
    },
  })

  app.route({
    method: 'GET',
    url: '/generations/models',
    schema: {
      summary: 'List the models that plans can name',
      description:
        'With what each takes, who runs it, what it costs, and whether it can be used here.',
      tags: ['generations'],
      response: { 200: modelList, ...problems(401) },
    },
    handler: async () => {
      const missingSetting = missingSettingOf(context.settings)
      const models = Object.entries<ModelFacts>(MODELS).map(([name, facts]) =>
        presentModel(name, facts, missingSetting),
      )
      return { creditMicroUsd: CREDIT_MICRO_USD, models }
    },
  })

  app.route({
    method: 'GET',
    url: '/generations/schema',
    schema: {
      summary: 'The JSON Schema of a plan',
      tags: ['generations'],
      response: { 200: z.record(z.string(), z.unknown()), ...problems(401) },
    },
    handler: async () => schema,
  })
}
