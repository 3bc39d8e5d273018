/** The same acts for the executors whose code is in WebAssembly: as JavaScript, as Python, and as a WASI module in text. */

export const javascript = `
const { act = input.text === undefined ? "value" : "text", value, bytes = 0, text } = input;
switch (act) {
  case "value": return { value };
  case "text": return { value: text };
  case "throw": throw new Error("it broke");
  case "wrong": return { other: 1 };
  case "large": return { value: "x".repeat(bytes) };
  case "progress": progress(0.25, "a quarter"); return { value: null };
  case "wait": case "ignore": progress(0, "waiting"); for (;;);
  case "spin": { let sum = 0; for (let i = 0; i < 6e6; i++) sum += i % 7; return { value: sum > 0 ? null : 1 }; }
  case "memory": { const kept = []; for (;;) kept.push(new Array(1e5).fill(1.5)); }
  default: throw new Error("unknown act " + act);
}`;

export const python = `
act = input.get("act", "value" if input.get("text") is None else "text")
if act == "value": result = {"value": input.get("value")}
elif act == "text": result = {"value": input["text"]}
elif act == "throw": raise Exception("it broke")
elif act == "wrong": result = {"other": 1}
elif act == "large": result = {"value": "x" * input["bytes"]}
elif act == "progress":
    progress(0.25, "a quarter")
    result = {"value": None}
elif act in ("wait", "ignore"):
    progress(0, "waiting")
    while True: pass
elif act == "spin":
    total = 0
    for i in range(3000000): total += i % 7
    result = {"value": None}
elif act == "memory":
    kept = []
    while True: kept.append(bytearray(1000000))
else: raise Exception("unknown act " + act)
`;

/** Looks for the act where JSON.stringify puts it; answers \`value\` and \`text\` by changing the first key alone. */
export const wat = `
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 40)
  (data (i32.const 100) "{\\22text\\22:")
  (data (i32.const 120) "{\\22value\\22:")
  (data (i32.const 140) "{\\22value\\22:null}")
  (data (i32.const 160) "{\\22other\\22:1}")
  (data (i32.const 180) "it broke\\0a")
  (data (i32.const 200) "{\\22progress\\22:0.25,\\22message\\22:\\22a quarter\\22}\\0a")
  (data (i32.const 260) "{\\22progress\\22:0,\\22message\\22:\\22waiting\\22}\\0a")
  (global $n (mut i32) (i32.const 0))

  (func $print (param $fd i32) (param $at i32) (param $length i32)
    (loop $more
      (i32.store (i32.const 0) (local.get $at))
      (i32.store (i32.const 4) (local.get $length))
      (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
      (local.set $length (i32.sub (local.get $length) (i32.load (i32.const 8))))
      (br_if $more (i32.gt_s (local.get $length) (i32.const 0)))))

  (func $begins (param $with i32) (param $length i32) (result i32)
    (local $i i32)
    (loop $next
      (if (i32.ne
            (i32.load8_u (i32.add (i32.const 65536) (local.get $i)))
            (i32.load8_u (i32.add (local.get $with) (local.get $i))))
        (then (return (i32.const 0))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $length))))
    (i32.const 1))

  (func $number (param $at i32) (result i32)
    (local $sum i32) (local $digit i32)
    (loop $next
      (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
      (if (i32.lt_u (local.get $digit) (i32.const 10))
        (then
          (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 10)) (local.get $digit)))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next))))
    (local.get $sum))

  (func (export "_start")
    (local $act i32) (local $i i32)
    (loop $more
      (i32.store (i32.const 0) (i32.add (i32.const 65536) (global.get $n)))
      (i32.store (i32.const 4) (i32.const 65536))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (global.set $n (i32.add (global.get $n) (i32.load (i32.const 8))))
      (br_if $more (i32.load (i32.const 8))))
    ;; {"text": and {"value":
    (if (call $begins (i32.const 100) (i32.const 8))
      (then
        (call $print (i32.const 1) (i32.const 120) (i32.const 9))
        (call $print (i32.const 1) (i32.const 65544) (i32.sub (global.get $n) (i32.const 8)))
        (return)))
    (if (call $begins (i32.const 120) (i32.const 9))
      (then (call $print (i32.const 1) (i32.const 65536) (global.get $n)) (return)))
    ;; {"act":"X
    (local.set $act (i32.load8_u (i32.const 65544)))
    (if (i32.eq (local.get $act) (i32.const 116)) ;; throw
      (then (call $print (i32.const 2) (i32.const 180) (i32.const 9)) (call $exit (i32.const 3))))
    (if (i32.eq (i32.load8_u (i32.const 65545)) (i32.const 114)) ;; wrong or progress
      (then
        (if (i32.eq (local.get $act) (i32.const 119))
          (then (call $print (i32.const 1) (i32.const 160) (i32.const 11)) (return)))
        (call $print (i32.const 2) (i32.const 200) (i32.const 41))
        (call $print (i32.const 1) (i32.const 140) (i32.const 14))
        (return)))
    (if (i32.eq (local.get $act) (i32.const 108)) ;; {"act":"large","bytes":N}
      (then
        (local.set $i (call $number (i32.const 65559)))
        (call $print (i32.const 1) (i32.const 120) (i32.const 9))
        (i32.store8 (i32.const 131072) (i32.const 34))
        (memory.fill (i32.const 131073) (i32.const 120) (local.get $i))
        (i32.store16 (i32.add (i32.const 131073) (local.get $i)) (i32.const 32034))
        (call $print (i32.const 1) (i32.const 131072) (i32.add (local.get $i) (i32.const 3)))
        (return)))
    (if (i32.eq (local.get $act) (i32.const 115)) ;; spin
      (then
        (loop $spin
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (i32.store (i32.const 16) (local.get $i))
          (br_if $spin (i32.lt_u (local.get $i) (i32.const 300000000))))
        (call $print (i32.const 1) (i32.const 140) (i32.const 14))
        (return)))
    (if (i32.eq (local.get $act) (i32.const 109)) ;; memory
      (then
        (loop $grow (br_if $grow (i32.ge_s (memory.grow (i32.const 16)) (i32.const 0))))
        (unreachable)))
    ;; wait, ignore
    (call $print (i32.const 2) (i32.const 260) (i32.const 36))
    (loop $ever (br $ever))))
`;
