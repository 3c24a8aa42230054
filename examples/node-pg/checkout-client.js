// Carts and checkouts of weedgo_checkout, over a pool of pg.
//
//   const client = new CheckoutClient(connect({ lockTimeout: '2s' }));
//   await client.putCart(storeId, cartId, [{ sku: 'ACC-PAPERS', quantity: 2 }]);
//   const order = await client.checkout({ storeId, cartId, idempotencyKey: key });
//
// Every call is one statement and commits by itself. What it can throw is in checkout-errors.js.
// Amounts are strings ('19.99'), as pg returns numeric: a JavaScript number is a float.
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { ConnectionLost, errorFor } from './checkout-errors.js';

const PUT_CART = `
  SELECT * FROM weedgo.put_cart(
    store_id => $1, cart_id => $2, items => $3, customer_id => $4, promo_code => $5)`;

const CHECKOUT = `
  SELECT * FROM weedgo.checkout_cart(
    store_id => $1, cart_id => $2, customer_id => $3, payment_method_id => $4,
    delivery_type => $5, delivery_address => $6, tip => $7, promo_code => $8,
    expected_total => $9, idempotency_key => $10)`;

// Opens a pool. Web requests wait for a cart for less than the default of 10 s.
export function connect({
  lockTimeout = '2s', timeoutMs = 30_000, settings = {}, ...options
} = {}) {
  const all = Object.entries({ 'weedgo_checkout.lock_timeout': lockTimeout, ...settings });
  const pool = new pg.Pool({
    options: all.map(([name, value]) => `-c ${name}=${escapeSpaces(value)}`).join(' '),
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    ...options,
  });
  // An idle connection that breaks has nobody to tell, and Node ends on an error nobody hears.
  pool.on('error', (error) => console.error('idle connection lost:', error.message));
  return pool;
}

function escapeSpaces(value) {
  return value.replace(/[\\ ]/g, '\\$&');
}

// An amount as the database takes it.
export function money(amount) {
  if (amount !== null && !(typeof amount === 'string' && /^-?\d+(\.\d+)?$/.test(amount))) {
    throw new TypeError(`money is a string such as '19.99', not ${amount}`);
  }
  return amount;
}

// A server's error has a SQLSTATE; anything else is the connection's.
function explain(error) {
  return error instanceof pg.DatabaseError
    ? errorFor(error, error)
    : new ConnectionLost(error.message, {}, error);
}

export class CheckoutClient {
  #pool;
  #retry;

  // onRetry is told of each failure that is tried again, and of which attempt it was.
  constructor(pool, {
    attempts = 4, firstPauseMs = 50, longestPauseMs = 1000, onRetry = () => {},
  } = {}) {
    this.#pool = pool;
    this.#retry = { attempts, firstPauseMs, longestPauseMs, onRetry };
  }

  // Makes the cart hold exactly these items: { sku, quantity }. Prices are not read.
  async putCart(storeId, cartId, items, { customerId = null, promoCode = null } = {}) {
    const values = [storeId, cartId, JSON.stringify(items), customerId, promoCode];
    await this.#call(PUT_CART, values, true);
  }

  // Turns the cart into an order. checkout_cart() has more arguments: add those you use.
  async checkout({
    storeId, cartId, customerId = null, paymentMethodId = null, deliveryType = 'pickup',
    deliveryAddress = null, tip = '0.00', promoCode = null, expectedTotal = null,
    idempotencyKey = null,
  }) {
    return this.#call(CHECKOUT, [
      storeId, cartId, customerId, paymentMethodId, deliveryType, deliveryAddress, money(tip),
      promoCode, money(expectedTotal), idempotencyKey,
    ], idempotencyKey !== null);
  }

  // Sends a call, again where that is safe and of use.
  async #call(text, values, repeatable) {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#pool.query(text, values)).rows[0];
      } catch (cause) {
        if (cause instanceof TypeError) throw cause; // a mistake on this side: nothing was sent
        const error = explain(cause);
        if (attempt === this.#retry.attempts || !error.mayRetry(repeatable)) throw error;
        this.#retry.onRetry(error, attempt);
      }
      await pause(this.#pauseMs(attempt));
    }
  }

  // Anything up to a limit that doubles each time: clients that met once part.
  #pauseMs(attempt) {
    const { firstPauseMs, longestPauseMs } = this.#retry;
    return Math.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
  }
}
