/** The description of the API, made of the schemas that validate it. */

import swagger, { type SwaggerTransformObject } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fastifyPlugin from 'fastify-plugin'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Api } from '../routes/route-context.ts'

const TAGS = [
  { name: 'media', description: 'Files that come in.' },
  { name: 'videos', description: 'Projects, and ordering their renders.' },
  { name: 'streams', description: 'Adaptive streaming, with all that belongs beside a film.' },
  { name: 'localizations', description: 'Transcripts, subtitles and their translations.' },
  { name: 'clips', description: 'Short clips of a long video, and changes of them.' },
  { name: 'generations', description: 'Plans: AI media as a graph of jobs.' },
  { name: 'executions', description: 'How an order is getting on.' },
  {
    name: 'tasks',
    description: 'Single media operations, in the dialect of the Ittybit tasks API.',
  },
  { name: 'account', description: 'The account and its credits.' },
  { name: 'webhooks', description: 'Events that go out, and events that come in.' },
  { name: 'files', description: 'Signed URLs of the folder storage.' },
  { name: 'admin', description: 'For the operator, with the admin key.' },
  { name: 'operations', description: 'For monitoring.' },
]

/** Adds the named schemas. Each comes in two forms; ours are answers only, nobody sends them. */
const withNamedSchemas: SwaggerTransformObject = (document) => {
  const described = jsonSchemaTransformObject(document)
  if (!('components' in described)) return described
  const schemas = Object.entries(described.components?.schemas ?? {})
  const answers = Object.fromEntries(schemas.filter(([name]) => !name.endsWith('Input')))
  return { ...described, components: { ...described.components, schemas: answers } } as ReturnType<
    typeof jsonSchemaTransformObject
  >
}

export const openapi = fastifyPlugin<{ readonly publicUrl: string; readonly version: string }>(
  async (app, { publicUrl, version }) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Spool',
          version,
          description: 'Durable media pipelines. Errors are `application/problem+json`.',
        },
        servers: [{ url: publicUrl }],
        tags: TAGS,
        components: {
          securitySchemes: {
            apiKey: { type: 'http', scheme: 'bearer', description: 'An API key of an account.' },
            adminKey: { type: 'http', scheme: 'bearer', description: 'The key of the operator.' },
          },
        },
      },
      transform: jsonSchemaTransform,
      transformObject: withNamedSchemas,
    })
    await app.register(swaggerUi, { routePrefix: '/docs' })
  },
)

export const openapiRoute = async (app: Api): Promise<void> => {
  app.route({
    method: 'GET',
    url: '/openapi.json',
    schema: {
      summary: 'This description',
      tags: ['operations'],
      response: { 200: z.record(z.string(), z.unknown()) },
    },
    handler: async () => app.swagger() as unknown as Record<string, unknown>,
  })
}
