/*
 * What the container tier's canary runs (src/worker/sandbox/t2-canary.ts): tries what a container must not be able to do, and says by
 * its exit code what was refused. Without a C library, so that an image of this one file is enough on any engine.
 *
 *   canary c    exit code: 1 no network | 2 nothing can be written | 4 processes are bounded | 8 the mounted file is readable
 *               16 no socket to the hypervisor (AF_VSOCK)
 *   canary m    takes memory until it is killed (137), or until it has 256 MiB (0)
 *   canary s    sleeps until it is killed
 *
 * Built by scripts/canary/build.sh.
 */
typedef long word;

#if defined(__x86_64__)
enum { SYS_read = 0, SYS_mmap = 9, SYS_socket = 41, SYS_connect = 42, SYS_clone = 56, SYS_exit_group = 231, SYS_openat = 257, SYS_ppoll = 271 };
static word call(word n, word a, word b, word c, word d, word e, word f) {
  word result;
  register word r10 __asm__("r10") = d;
  register word r8 __asm__("r8") = e;
  register word r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
#elif defined(__aarch64__)
enum { SYS_openat = 56, SYS_read = 63, SYS_ppoll = 73, SYS_exit_group = 94, SYS_socket = 198, SYS_connect = 203, SYS_clone = 220, SYS_mmap = 222 };
static word call(word n, word a, word b, word c, word d, word e, word f) {
  register word x8 __asm__("x8") = n;
  register word x0 __asm__("x0") = a;
  register word x1 __asm__("x1") = b;
  register word x2 __asm__("x2") = c;
  register word x3 __asm__("x3") = d;
  register word x4 __asm__("x4") = e;
  register word x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
__asm__(".globl _start\n_start: mov x0, sp\n bl begin\n");
#endif

static const char outside[] = "/errand-canary", given[] = "/in/canary";

/* 192.0.2.1 is for documentation: nobody has it, and whether it can be reached is the routing table's to say. */
static const unsigned char nowhere[16] = {2, 0, 0, 9, 192, 0, 2, 1};

static word refused(void) {
  word bits = 0, fd;
  fd = call(SYS_socket, 2, 1 | 04000, 0, 0, 0, 0);
  if (fd < 0 || call(SYS_connect, fd, (word)nowhere, 16, 0, 0, 0) == -101) bits |= 1;
  if (call(SYS_openat, -100, (word)outside, 0101, 0600, 0, 0) == -30) bits |= 2;
  fd = call(SYS_openat, -100, (word)given, 0, 0, 0, 0);
  if (fd >= 0) {
    char byte = 0;
    if (call(SYS_read, fd, (word)&byte, 1, 0, 0, 0) == 1 && byte == 'k') bits |= 8;
  }
  if (call(SYS_socket, 40, 1, 0, 0, 0, 0) < 0) bits |= 16;
  for (int i = 0; i < 256; i++) {
    word child = call(SYS_clone, 17, 0, 0, 0, 0, 0);
    if (child == 0) for (;;) call(SYS_ppoll, 0, 0, 0, 0, 0, 0);
    if (child < 0) { bits |= 4; break; }
  }
  return bits;
}

static word memory(void) {
  for (word taken = 0; taken < 256; taken += 4) {
    volatile char *at = (char *)call(SYS_mmap, 0, 4 << 20, 3, 0x22, -1, 0);
    for (word page = 0; page < 4 << 20; page += 4096) at[page] = 1;
  }
  return 0;
}

__attribute__((used)) void begin(word *stack) {
  char mode = stack[0] > 1 ? *(char *)stack[2] : 'c';
  if (mode == 's') for (;;) call(SYS_ppoll, 0, 0, 0, 0, 0, 0);
  call(SYS_exit_group, mode == 'm' ? memory() : refused(), 0, 0, 0, 0, 0);
}
