using System.Text;
using ProxyCluster.Audit;

namespace ProxyCluster.Tests.Audit;

/// <summary>What somebody who can write to the files can do to them, and how it is found.</summary>
public sealed class AuditVerificationTests : IAsyncLifetime
{
    private readonly AuditSite _site = new(static options => options.MaxFileBytes = 4096);
    private AuditVerified _whole = null!;

    private KnownHead Seal => new(_whole.Log!, _whole.Last, "paris-1");

    public async ValueTask InitializeAsync()
    {
        await _site.StartAsync();
        for (var i = 0; i < 40; i++)
            await _site.WriteAsync(1);
        await _site.StopAsync();
        _whole = _site.Verify();
        Assert.Empty(_whole.Problems);
        Assert.InRange(_whole.Files, 3, 20);
    }

    public async ValueTask DisposeAsync() => await _site.DisposeAsync();

    [Fact]
    public void Log_Whole_IsSealedUpToWhatOthersKnow()
    {
        var verified = _site.Verify(Seal);
        Assert.Empty(verified.Problems);
        Assert.Equal(_whole.Last.Sequence, verified.Sealed);
    }

    [Fact]
    public void OneFlippedBit_Anywhere_IsFound()
    {
        var random = new Random(20261129);
        for (var i = 0; i < 300; i++)
        {
            var file = _site.Files[random.Next(_site.Files.Count)];
            var bytes = File.ReadAllBytes(file);
            var at = random.Next(bytes.Length);
            var was = bytes[at];
            bytes[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(file, bytes);

            // A newline that is none joins two lines; the last one makes a line that is not whole, which a seal knows to have been.
            Assert.True(_site.Verify(Seal).Problems.Count > 0, $"{Path.GetFileName(file)}, byte {at}");
            bytes[at] = was;
            File.WriteAllBytes(file, bytes);
        }

        Assert.Empty(_site.Verify(Seal).Problems);
    }

    [Fact]
    public void Tail_CutOffBehindALine_IsFoundByTheSealAlone()
    {
        var last = _site.Files[^1];
        var bytes = File.ReadAllBytes(last);
        File.WriteAllBytes(last, bytes[..(bytes.AsSpan(0, bytes.Length - 1).LastIndexOf((byte)'\n') + 1)]);

        Assert.Empty(_site.Verify().Problems);
        Assert.StartsWith("the end is missing: paris-1 knows line", Assert.Single(_site.Verify(Seal).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void File_Missing_IsFound_FirstMiddleOrLast()
    {
        for (var i = 0; i < _whole.Files; i++)
        {
            var (path, bytes) = (_site.Files[i], File.ReadAllBytes(_site.Files[i]));
            File.Delete(path);
            Assert.True(_site.Verify(Seal).Problems.Count > 0, $"file {i} of {_whole.Files}");
            File.WriteAllBytes(path, bytes);
        }
    }

    [Fact]
    public void Directory_Emptied_IsFound()
    {
        _site.Files.ForEach(File.Delete);
        Assert.Equal("there is no log here, and paris-1 knows one", Assert.Single(_site.Verify(Seal).Problems));
    }

    // Whoever has the files can make a chain of his own; what others know of it he cannot.
    [Fact]
    public async Task Log_RewrittenWithAnotherChain_IsFoundByTheSeal()
    {
        await using var other = new AuditSite();
        await other.StartAsync();
        for (var i = 0; i < 60; i++)
            await other.WriteAsync(1);
        var forged = File.ReadAllText(other.Files[0]).Replace(other.Verify().Log!, _whole.Log!, StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        _site.Files.ForEach(File.Delete);
        var head = AuditHead.None;
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        foreach (var line in forged)
            head = AuditChain.Append(head, Encoding.UTF8.GetBytes(head.Hash + line[..line.LastIndexOf(",\"hash\"", StringComparison.Ordinal)] + "}"), output);
        File.WriteAllBytes(Path.Combine(_site.Directory, new AuditFileName(1, _site.Clock.GetUtcNow()).ToString()), output.WrittenSpan.ToArray());

        Assert.Empty(_site.Verify().Problems);
        Assert.Contains("is not the one that paris-1 knows", Assert.Single(_site.Verify(Seal).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Hash_OfALine_IsWhatTheShellSays()
    {
        var lines = File.ReadAllLines(_site.Files[0]);
        var before = lines[3][^66..^2];
        var line = lines[4][..lines[4].LastIndexOf(",\"hash\"", StringComparison.Ordinal)];
        Assert.Equal(lines[4][^66..^2], Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(before + line))));
    }
}
