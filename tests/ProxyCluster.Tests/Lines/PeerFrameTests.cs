using System.IO.Pipelines;
using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Tests.Lines;

public sealed class PeerFrameTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_WhatWasWritten_ComesBackFrameByFrame()
    {
        var types = Enum.GetValues<PeerFrameType>();
        using var bytes = new MemoryStream();
        var output = PipeWriter.Create(bytes, new StreamPipeWriterOptions(leaveOpen: true));
        foreach (var (index, type) in types.Index())
            PeerFrame.Write(output, type, new byte[index * 10_000]);
        await output.CompleteAsync();
        bytes.Position = 0;

        foreach (var (index, type) in types.Index())
        {
            var frame = await PeerFrame.ReadAsync(bytes, Cancel);
            Assert.Equal((type, index * 10_000), (frame.Type, frame.Payload.Length));
        }

        await Assert.ThrowsAsync<InvalidDataException>(() => PeerFrame.ReadAsync(bytes, Cancel));
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { (byte)'R', 0, 0, 0 })]
    [InlineData(new byte[] { (byte)'R', 0, 0, 0, 2, 1 })]
    [InlineData(new byte[] { (byte)'?', 0, 0, 0, 0 })]
    [InlineData(new byte[] { (byte)'R', 0xff, 0xff, 0xff, 0xff })]
    [InlineData(new byte[] { (byte)'R', 1, 0, 0, 1 })]
    public async Task Read_NoFrame_SaysSo(byte[] bytes) =>
        await Assert.ThrowsAsync<InvalidDataException>(() => PeerFrame.ReadAsync(new MemoryStream(bytes), Cancel));

    [Fact]
    public void Read_AnyBytes_GivesAFrameOrSaysThatItIsNone() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), static bytes =>
        {
            try
            {
                var (type, payload) = PeerFrame.ReadAsync(new MemoryStream(bytes), CancellationToken.None).GetAwaiter().GetResult();
                return Enum.IsDefined(type) && payload.Length <= bytes.Length;
            }
            catch (InvalidDataException)
            {
                return true;
            }
        }).QuickCheckThrowOnFailure();

    // Frames by their first letter; what comes of them; signs of life on the way.
    [Theory]
    [InlineData("A", "A", 1)]
    [InlineData("WWA", "A", 3)]
    [InlineData("WF", "F", 2)]
    [InlineData("FA", "F", 1)]
    [InlineData("WR", "nonsense", 2)]
    [InlineData("RA", "nonsense", 1)]
    [InlineData("WW", "nonsense", 2)]
    public async Task ReadUntil_Frames_GivesTheWantedOneOrTheFailure(string frames, string result, int signs)
    {
        using var bytes = new MemoryStream();
        var output = PipeWriter.Create(bytes, new StreamPipeWriterOptions(leaveOpen: true));
        foreach (var type in frames)
            PeerFrame.Write(output, (PeerFrameType)type, PeerFailure.Write(new Failure(FailureKind.Gone, "F")));
        await output.CompleteAsync();
        bytes.Position = 0;

        var seen = 0;
        var reading = PeerReading.ReadUntilAsync(bytes, PeerFrameType.Answer, () => seen++, Cancel);
        if (result == "nonsense")
            await Assert.ThrowsAsync<InvalidDataException>(() => reading);
        else
            Assert.Equal(result, (await reading).Failure?.Message ?? "A");
        Assert.Equal(signs, seen);
    }

    [Fact]
    public void Failure_EveryKind_TravelsAsItIs()
    {
        foreach (var kind in Enum.GetValues<FailureKind>())
        {
            var failure = new Failure(kind, "why", TimeSpan.FromSeconds(7));
            Assert.Equal(failure, PeerFailure.Parse(PeerFailure.Write(failure)));
            Assert.Equal(failure with { RetryAfter = null }, PeerFailure.Parse(PeerFailure.Write(failure with { RetryAfter = null })));
        }
    }

    /// <summary>A newer member may know more kinds. What it learned is the answer, though not one that we can sort.</summary>
    [Theory]
    [InlineData("Quarantined")]
    [InlineData("notfound")]
    [InlineData("0")]
    [InlineData("NotFound, Gone")]
    public void Failure_OfAKindThatWeDoNotKnow_IsPassedOnAsWhatItIs(string kind)
    {
        var json = $$"""{"kind":"{{kind}}","message":"why","retryAfterSeconds":7,"more":[]}""";
        var failure = PeerFailure.Parse(System.Text.Encoding.UTF8.GetBytes(json));
        Assert.Equal((FailureKind.Unknown, TimeSpan.FromSeconds(7)), (failure.Kind, failure.RetryAfter));
        Assert.StartsWith("why", failure.Message, StringComparison.Ordinal);
        Assert.Contains(kind, failure.Message, StringComparison.Ordinal);
        Assert.Equal((502, NextStep.Stop), (FailureTable.For(failure.Kind).Status, HedgedAsk.After(failure.Kind)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"kind":"NotFound"}""")]
    [InlineData("""{"message":"no kind"}""")]
    [InlineData("""{"kind":"NotFound","message":null}""")]
    [InlineData("""{"kind":99,"message":"x"}""")]
    [InlineData("""{"kind":"","message":"x"}""")]
    [InlineData("""{"kind":null,"message":"x"}""")]
    public void Failure_ThatCannotBeRead_IsNoFailure(string json) =>
        Assert.Throws<InvalidDataException>(() => PeerFailure.Parse(System.Text.Encoding.UTF8.GetBytes(json)));
}
