using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using ProxyCluster.Sockets;

namespace ProxyCluster.Failover.DnsUpdates;

/// <summary>
/// Sends one update to a name server and waits for its word, over TCP, which has no answers of strangers and no limit of size. Done is
/// only what an answer says that is signed with our key.
/// </summary>
internal static class DnsUpdateCall
{
    private const int LengthBytes = 2;

    /// <summary>Sends; gives what went wrong, or null.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    public static async Task<string?> SendAsync(
        DnsOptions options, IReadOnlyCollection<DnsHolding> holdings, TimeProvider clock, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(options.Timeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        if (!DnsServer.TryParse(options.Server, out var server) || !DnsName.TryParse(options.Zone, out var zone))
            return $"{options.Server} or {options.Zone} is no name"; // the options were validated
        if (TsigKey.ReadOrNull(options.KeyFile, out var error) is not { } key)
            return error;
        try
        {
            var id = BinaryPrimitives.ReadUInt16BigEndian(RandomNumberGenerator.GetBytes(2));
            var (message, mac) = Tsig.Sign(DnsUpdate.Write(id, zone, holdings, options.Ttl), key, clock.GetUtcNow());
            var bytes = await AskAsync(server, message, both.Token);
            if (DnsAnswer.ParseOrNull(bytes) is not { IsAnswer: true } answer || answer.Id != id)
                return "it answered something else";
            return answer.RefusalOrNull() ?? Tsig.FaultOrNull(bytes, answer.Signature, key, mac, clock.GetUtcNow());
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return "it did not answer in time";
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return e.Message;
        }
    }

    private static async Task<byte[]> AskAsync(DnsEndPoint server, byte[] message, CancellationToken cancel)
    {
        await using var connection = await OutgoingConnection.ConnectAsync(server, cancel);
        var framed = new byte[LengthBytes + message.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, checked((ushort)message.Length));
        message.CopyTo(framed, LengthBytes);
        await connection.WriteAsync(framed, cancel);
        await connection.ReadExactlyAsync(framed.AsMemory(0, LengthBytes), cancel);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(framed)];
        await connection.ReadExactlyAsync(answer, cancel);
        return answer;
    }
}
