import Fastify from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import { openFolderStore } from '../../src/adapters/storage/folder-store.ts'
import type { ObjectStore } from '../../src/adapters/storage/object-store.ts'
import { createUrlSigner } from '../../src/adapters/storage/signed-url.ts'
import { validatorCompiler } from '../../src/api/field-problems.ts'
import { sendProblem } from '../../src/api/problem.ts'
import { fileRoutes } from '../../src/api/routes/files.ts'
import type { Api, RouteContext } from '../../src/api/routes/route-context.ts'
import { freePort } from '../../scripts/stack/ports.ts'

/** A folder store whose signed URLs are answered by the API's own routes, and by nothing else of the API. */
export const startFileServer = async (
  rootPath: string,
): Promise<{ readonly store: ObjectStore; readonly close: () => Promise<void> }> => {
  const port = await freePort()
  const urlSigner = createUrlSigner({
    publicUrl: `http://127.0.0.1:${port}`,
    secret: 'a secret of at least thirty-two bytes',
  })
  const store = await openFolderStore({ rootPath, urlSigner })
  const app = Fastify()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error))
  const context = { files: store, fileGrants: urlSigner } as unknown as RouteContext
  await app.register(async (scope) => fileRoutes(scope as unknown as Api, context))
  await app.listen({ host: '127.0.0.1', port })
  return { store, close: () => app.close() }
}
