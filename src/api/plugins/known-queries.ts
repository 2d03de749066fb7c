import type { onRouteHookHandler } from 'fastify'
import { z } from 'zod'
import { problems } from '../routes/route-context.ts'

/**
 * Has routes refuse query parameters that they do not know, as they refuse fields of bodies: `?limti=5` is
 * answered with what was meant and not with the first 20. A route whose clients add some of their own says
 * so by a loose schema.
 */
export const knownQueries: onRouteHookHandler = (route) => {
  const query = route.schema?.querystring ?? z.object({})
  const isLoose = query instanceof z.ZodObject && query.def.catchall !== undefined
  route.schema = {
    ...route.schema,
    querystring: query instanceof z.ZodObject && !isLoose ? query.strict() : query,
    response: { ...problems(422), ...(route.schema?.response as object | undefined) },
  }
}
