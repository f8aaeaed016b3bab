using System.Collections.Immutable;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ProxyCluster.Sockets;

/// <summary>
/// Sockets that listen, closed to some clients: the kernel drops what those send before there is a connection (a classic packet
/// filter on the socket, Linux, no right needed). Turning a connection away at accept costs the process some 10 µs of its
/// own, and a flood of them a core; here it costs the process nothing. Nor does the client see a refusal: its kernel goes on
/// trying for it, after 1 s and more, so a build behind a crowd waits where it would have failed.
/// <para>
/// Connections that are open stay so. Where the kernel will have no filter, nothing is closed, and who comes in is turned away
/// there.
/// </para>
/// Source: Linux, Documentation/networking/filter.rst; socket(7), SO_ATTACH_FILTER.
/// </summary>
internal sealed class ClosedDoor
{
    /// <summary>
    /// Clients that it is closed to at once. Each packet is held against one after the other, also those of connections that are made
    /// meanwhile, for as long as they live.
    /// </summary>
    public const int MaxClients = 64;

    private const int SocketLevel = 1;
    private const int AttachFilter = 26;
    private const int DetachFilter = 27;

    // Guards both, and that the sockets have the filter of the newest list.
    private readonly Lock _lock = new();
    private ImmutableArray<Socket> _sockets = [];
    private ImmutableArray<ClientAddress> _closedTo = [];

    /// <summary>One more socket, bound or listening.</summary>
    public void Add(Socket socket)
    {
        lock (_lock)
        {
            _sockets = _sockets.Add(socket);
            Apply_NeedsLock();
        }
    }

    /// <summary>Closed to these clients from now on, and to nobody else; the first ones of very many.</summary>
    public void CloseTo(IEnumerable<ClientAddress> clients)
    {
        lock (_lock)
        {
            _closedTo = [.. clients.Where(static client => client.IsKnown).Take(MaxClients)];
            Apply_NeedsLock();
        }
    }

    private void Apply_NeedsLock()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var program = _closedTo.IsEmpty ? [] : Program(_closedTo);
        foreach (var socket in _sockets)
        {
            try
            {
                Set(socket, program);
            }
            catch (ObjectDisposedException)
            {
                _sockets = _sockets.Remove(socket); // no longer listening
            }
            catch (SocketException) when (program.Length == 0)
            {
                // There was none to remove.
            }
            catch (SocketException)
            {
                Open(socket);
            }
        }
    }

    // A kernel without filters, or one with no room for this one: the one before must not stay, for it keeps out who may come in.
    private static void Open(Socket socket)
    {
        try
        {
            Set(socket, []);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // There was none.
        }
    }

    private static unsafe void Set(Socket socket, Instruction[] program)
    {
        fixed (Instruction* instructions = program)
        {
            var whole = new Instructions((ushort)program.Length, instructions);
            if (program.Length == 0)
                socket.SetRawSocketOption(SocketLevel, DetachFilter, stackalloc byte[sizeof(int)]);
            else
                socket.SetRawSocketOption(SocketLevel, AttachFilter, new ReadOnlySpan<byte>(&whole, sizeof(Instructions)));
        }
    }

    /// <summary>Is the packet's source one of these? Then none of it is kept; otherwise all.</summary>
    private static Instruction[] Program(ImmutableArray<ClientAddress> clients)
    {
        // Offsets from the beginning of the IP header, wherever the packet itself begins.
        const uint Header = unchecked((uint)-0x100000);
        const uint SourceOf4 = Header + 12;
        const uint SourceOf6 = Header + 8;
        var (of4, of6) = (clients.Where(static client => !client.IsV6).ToList(), clients.Where(static client => client.IsV6).ToList());
        List<Instruction> program = [Instruction.LoadByte(Header), Instruction.ShiftRight(4), Instruction.IfEqual(6, 0, 1), Instruction.Skip((2 * of4.Count) + 2)];

        // 1. IPv4: all of the address.
        program.Add(Instruction.LoadWord(SourceOf4));
        foreach (var client in of4)
            program.AddRange([Instruction.IfEqual((uint)client.Bits, 0, 1), Instruction.Drop]);
        program.Add(Instruction.Keep);

        // 2. IPv6: the first half of it.
        foreach (var client in of6)
        {
            program.AddRange(
            [
                Instruction.LoadWord(SourceOf6), Instruction.IfEqual((uint)(client.Bits >> 32), 0, 3),
                Instruction.LoadWord(SourceOf6 + 4), Instruction.IfEqual((uint)client.Bits, 0, 1), Instruction.Drop,
            ]);
        }

        program.Add(Instruction.Keep);
        return [.. program];
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Instruction(ushort code, byte ifTrue, byte ifFalse, uint value)
    {
        public readonly ushort Code = code;
        public readonly byte IfTrue = ifTrue;
        public readonly byte IfFalse = ifFalse;
        public readonly uint Value = value;

        public static Instruction Keep => new(0x06, 0, 0, uint.MaxValue);

        public static Instruction Drop => new(0x06, 0, 0, 0);

        public static Instruction LoadWord(uint at) => new(0x20, 0, 0, at);

        public static Instruction LoadByte(uint at) => new(0x30, 0, 0, at);

        public static Instruction ShiftRight(uint by) => new(0x74, 0, 0, by);

        public static Instruction IfEqual(uint value, byte ifTrue, byte ifFalse) => new(0x15, ifTrue, ifFalse, value);

        public static Instruction Skip(int count) => new(0x05, 0, 0, (uint)count);
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly unsafe struct Instructions(ushort count, Instruction* first)
    {
        public readonly ushort Count = count;
        public readonly Instruction* First = first;
    }
}
