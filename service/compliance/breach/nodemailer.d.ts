/** The little of nodemailer that is used here; it comes without types. */
declare module 'nodemailer' {
  interface Sent {
    readonly messageId: string
    readonly response: string
  }
  interface Transport {
    sendMail(message: { to: string; subject: string; text: string; messageId: string }): Promise<Sent>
    close(): void
  }
  const nodemailer: { createTransport(options: object, defaults: { from: string }): Transport }
  export default nodemailer
}
