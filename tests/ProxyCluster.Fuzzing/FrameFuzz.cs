using System.IO.Pipelines;
using System.Text.Json;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Fuzzing;

/// <summary>A member's frame that is read is the one that was sent, and what it holds is read or refused.</summary>
internal sealed class FrameFuzz : FuzzTarget
{
    public override IReadOnlyList<byte[]> Sound { get; } = [.. MakeSound()];

    public override bool Holds(byte[] bytes)
    {
        using var input = new MemoryStream(bytes);
        try
        {
            while (input.Position < input.Length)
            {
                var from = (int)input.Position;

                // From memory: it has ended when it returns.
                var (type, payload) = PeerFrame.ReadAsync(input, CancellationToken.None).GetAwaiter().GetResult();
                if (bytes[from] != (byte)type || !payload.AsSpan().SequenceEqual(bytes.AsSpan(from + 5, payload.Length)))
                    return false;
                Read(type, payload);
            }
        }
        catch (Exception e) when (e is InvalidDataException or JsonException)
        {
            // Said so: a peer that sends no frame, or one that cannot be read, is refused.
        }

        return true;
    }

    private static void Read(PeerFrameType type, byte[] payload)
    {
        switch (type)
        {
            case PeerFrameType.Failure:
                _ = PeerFailure.Write(PeerFailure.Parse(payload));
                break;
            case PeerFrameType.Record:
                _ = RecordFile.ParseOrNull(payload, out _);
                break;
            case PeerFrameType.Answer:
                _ = JsonSerializer.Deserialize(payload, PeerJson.Default.PeerAnswer);
                break;
        }
    }

    private static IEnumerable<byte[]> MakeSound()
    {
        using var sent = new MemoryStream();
        var output = PipeWriter.Create(sent, new StreamPipeWriterOptions(leaveOpen: true));
        PeerFrame.Write(output, PeerFrameType.Working, []);
        PeerFrame.Write(output, PeerFrameType.Answer, JsonSerializer.SerializeToUtf8Bytes(
            new PeerAnswer("v1.0.0\n"u8.ToArray(), 1.5, "http://up", new Dictionary<string, double> { ["v1.1.0"] = 2 }), PeerJson.Default.PeerAnswer));
        PeerFrame.Write(output, PeerFrameType.Failure, PeerFailure.Write(new Failure(FailureKind.Overloaded, "later", TimeSpan.FromSeconds(3))));
        using var records = new RecordFuzz();
        PeerFrame.Write(output, PeerFrameType.Record, records.Sound[1]);
        output.Complete();
        yield return sent.ToArray();
        yield return sent.ToArray()[..12];
    }
}
