import Fastify from 'fastify'
import pg from 'pg'

/** What webhook intake is held against: bare Fastify and one durable INSERT for each request, nothing checked, sealed or queued. */
const [, , databaseUrl = '', port = '0'] = process.argv
const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 })
const app = Fastify()
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/', async (request, reply) => {
  await pool.query({ text: 'insert into bare_deliveries (body) values ($1)', values: [request.body] })
  return reply.code(200).send()
})
await app.listen({ host: '127.0.0.1', port: Number(port) })
process.stdout.write('listening\n')
