using System.IO.Compression;
using System.Text;
using System.Text.Json;
using ProxyCluster.Policy;

namespace ProxyCluster.Tests.Policy;

/// <summary>The form in which a cluster agrees on its policies: what is kept of it, and what is not believed.</summary>
public sealed class PolicyArchiveTests
{
    [Fact]
    public void With_MoreThanAreKept_LosesTheOldest()
    {
        var archive = PolicyArchive.Empty;
        for (var i = 0; i < PolicyArchive.MaxEditions + 5; i++)
            archive = archive.With($"text {i}", "alice", "x", default);
        Assert.Equal(PolicyArchive.MaxEditions, archive.Editions.Length);
        Assert.Equal((25L, 6L), (archive.Editions[0].Number, archive.Editions[^1].Number));
    }

    [Fact]
    public void With_MoreBytesThanAreKept_LosesTheOldest()
    {
        // What no packing makes smaller: 180 KB each, and a third more as base 64.
        var random = new Random(1);
        var archive = PolicyArchive.Empty;
        for (var i = 0; i < 6; i++)
            archive = archive.With(string.Concat(Enumerable.Range(0, 180_000).Select(_ => (char)random.Next(0x21, 0x7f))), "alice", "x", default);
        Assert.Equal(6, archive.Editions[0].Number);
        Assert.InRange(archive.Editions.Length, 2, 5);
        Assert.InRange(archive.Write().Length, 1, PolicyArchive.MaxBytes);
    }

    [Fact]
    public void Write_WithARollout_IsReadAsItWas()
    {
        var at = new DateTimeOffset(2026, 6, 3, 12, 0, 0, default);
        var archive = PolicyArchive.Empty.With("one", "alice", "x", at).Begin("two", "bob", "y", at).GoOn(at.AddHours(1));
        Assert.True(PolicyArchive.TryParse(archive.Write(), out var read, out var error), error);
        Assert.Equal(archive.Editions, read.Editions);
        Assert.Equal(new PolicyRollout(2, "two", "bob", "y", at, 25, at.AddHours(1)), read.Rollout);
    }

    [Fact]
    public void Parse_WhatAProgramWithoutRolloutsWrote_HasNone()
    {
        using var json = JsonDocument.Parse(PolicyArchive.Empty.With("one", "alice", "x", default).Write());
        Assert.False(json.RootElement.TryGetProperty("rollout", out _));
        Assert.True(PolicyArchive.TryParse("""{"format":1,"editions":[],"later":1}"""u8, out var read, out _));
        Assert.Null(read.Rollout);
    }

    [Theory]
    [InlineData("""{"format":2,"editions":[]}""", "its format is 2, this program reads 1")]
    [InlineData("""{"format":1}""", "its format is 1, this program reads 1")]
    [InlineData("[]", "")]
    [InlineData("""{"format":1,"editions":[{"number":1,"packed":"/////w=="}]}""", "")]
    public void Parse_WhatIsNone_SaysSo(string json, string told)
    {
        Assert.False(PolicyArchive.TryParse(Encoding.UTF8.GetBytes(json), out _, out var error));
        Assert.StartsWith(told, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_ATextThatUnpacksToMoreThanAPolicyHas_IsNotBelieved()
    {
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Optimal))
        {
            for (var i = 0; i < 1_000; i++)
                brotli.Write(new byte[1 << 16]);
        }

        var json = Encoding.UTF8.GetBytes($$"""{"format":1,"editions":[{"number":1,"packed":"{{Convert.ToBase64String(packed.ToArray())}}"}]}""");
        Assert.False(PolicyArchive.TryParse(json, out _, out var error));
        Assert.Equal($"it has more than {PolicyYaml.MaxBytes} bytes", error);
    }
}
