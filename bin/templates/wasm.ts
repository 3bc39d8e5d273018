/**
 * A skill as a WASI command module. It is written in WebAssembly's own text, since that needs no compiler: the module is
 * here ready made, and a test builds it again from the text.
 */
import { yamlDefinition } from "./command.ts";
import type { Template } from "./templates.ts";

export function wasmTemplate(id: string, name: string): Template {
  const main = `${name}.yaml`;
  const yaml = `# Runs in a sandbox of WebAssembly, without network and files. Any language that compiles to a WASI command (preview 1) will do;
# it reads JSON from standard input and writes JSON to standard output:
#   Rust    rustup target add wasm32-wasip1 && cargo build --release --target wasm32-wasip1
#   C       clang --target=wasm32-wasi --sysroot=WASI_SYSROOT -O2 -o ${name}.wasm ${name}.c     (from the WASI SDK)
#   Zig     zig build-exe ${name}.zig -target wasm32-wasi -O ReleaseSmall
#   Go      GOOS=wasip1 GOARCH=wasm go build -o ${name}.wasm
wasm: ./${name}.wasm # built from ${name}.wat
timeoutMs: 10000
${yamlDefinition(id)}`;
  return { main, files: { [main]: yaml, [`${name}.wat`]: source, [`${name}.wasm`]: wasmModule } };
}

export const source = `;; A skill as a WASI command: reads {"text": "…"} from standard input, writes {"words": N} to standard output. Built by
;;   wat2wasm NAME.wat
;; It goes through the text byte by byte and keeps none of it, so two pages of memory are enough for any input.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;; 0–15: where to read to and write from (iovec), 16: how much it was, 32: the answer's beginning, 64–127: its end
  (data (i32.const 32) "{\\"words\\":")
  (global $state (mut i32) (i32.const 0)) ;; 0 before the colon, 1 before the text, 2 in it, 3 after a backslash, 4 behind it
  (global $inside (mut i32) (i32.const 0)) ;; of a word
  (global $words (mut i32) (i32.const 0))

  (func $space (global.set $inside (i32.const 0)))
  (func $letter
    (if (i32.eqz (global.get $inside))
      (then
        (global.set $inside (i32.const 1))
        (global.set $words (i32.add (global.get $words) (i32.const 1))))))

  (func $byte (param $c i32)
    (block $done
      (if (i32.eqz (global.get $state))
        (then
          (if (i32.eq (local.get $c) (i32.const 58)) (then (global.set $state (i32.const 1)))) ;; :
          (br $done)))
      (if (i32.eq (global.get $state) (i32.const 1))
        (then
          (if (i32.eq (local.get $c) (i32.const 34)) (then (global.set $state (i32.const 2)))) ;; "
          (br $done)))
      (if (i32.eq (global.get $state) (i32.const 3))
        (then
          (global.set $state (i32.const 2))
          ;; \\n, \\r and \\t are spaces
          (if (i32.or (i32.eq (local.get $c) (i32.const 110))
                (i32.or (i32.eq (local.get $c) (i32.const 114)) (i32.eq (local.get $c) (i32.const 116))))
            (then (call $space))
            (else (call $letter)))
          (br $done)))
      (br_if $done (i32.ne (global.get $state) (i32.const 2)))
      (if (i32.eq (local.get $c) (i32.const 92)) (then (global.set $state (i32.const 3)) (br $done))) ;; \\
      (if (i32.eq (local.get $c) (i32.const 34)) (then (global.set $state (i32.const 4)) (br $done))) ;; "
      (if (i32.le_u (local.get $c) (i32.const 32)) (then (call $space)) (else (call $letter)))))

  (func (export "_start") (local $i i32) (local $n i32) (local $end i32)
    (block $all
      (loop $more
        (i32.store (i32.const 0) (i32.const 65536))
        (i32.store (i32.const 4) (i32.const 65536))
        (br_if $all (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
        (local.set $n (i32.load (i32.const 16)))
        (br_if $all (i32.eqz (local.get $n)))
        (local.set $i (i32.const 0))
        (loop $each
          (call $byte (i32.load8_u (i32.add (i32.const 65536) (local.get $i))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $each (i32.lt_u (local.get $i) (local.get $n))))
        (br $more)))
    ;; The number is written from its end.
    (local.set $end (i32.const 127))
    (i32.store8 (local.get $end) (i32.const 125)) ;; }
    (loop $digits
      (local.set $end (i32.sub (local.get $end) (i32.const 1)))
      (i32.store8 (local.get $end) (i32.add (i32.const 48) (i32.rem_u (global.get $words) (i32.const 10))))
      (global.set $words (i32.div_u (global.get $words) (i32.const 10)))
      (br_if $digits (global.get $words)))
    (i32.store (i32.const 0) (i32.const 32))
    (i32.store (i32.const 4) (i32.const 9))
    (i32.store (i32.const 8) (local.get $end))
    (i32.store (i32.const 12) (i32.sub (i32.const 128) (local.get $end)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 16)))))
`;

export const wasmModule: Uint8Array = Buffer.from(
  [
    "AGFzbQEAAAABEANgBH9/f38Bf2AAAGABfwACRAIWd2FzaV9zbmFwc2hvdF9wcmV2aWV3MQdmZF9yZWFkAAAWd2FzaV9zbmFwc2hv",
    "dF9wcmV2aWV3MQhmZF93cml0ZQAAAwUEAQECAQUDAQACBhADfwFBAAt/AUEAC38BQQALBxMCBm1lbW9yeQIABl9zdGFydAAFCtsC",
    "BAYAQQAkAQsTACMBRQRAQQEkASMCQQFqJAILC4oBAAJAIwBFBEAgAEE6RgRAQQEkAAsMAQsjAEEBRgRAIABBIkYEQEECJAALDAEL",
    "IwBBA0YEQEECJAAgAEHuAEYgAEHyAEYgAEH0AEZycgRAEAIFEAMLDAELIwBBAkcNACAAQdwARgRAQQMkAAwBCyAAQSJGBEBBBCQA",
    "DAELIABBIE0EQBACBRADCwsLsQEBA38CQANAQQBBgIAENgIAQQRBgIAENgIAQQBBAEEBQRAQAA0BQRAoAgAhASABRQ0BQQAhAANA",
    "QYCABCAAai0AABAEIABBAWohACAAIAFJDQALDAALC0H/ACECIAJB/QA6AAADQCACQQFrIQIgAkEwIwJBCnBqOgAAIwJBCm4kAiMC",
    "DQALQQBBIDYCAEEEQQk2AgBBCCACNgIAQQxBgAEgAms2AgBBAUEAQQJBEBABGgsLDwEAQSALCXsid29yZHMiOg==",
  ].join(""),
  "base64",
);
