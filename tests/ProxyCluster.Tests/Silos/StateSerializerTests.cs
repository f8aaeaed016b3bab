using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Grains;
using ProxyCluster.Silos;

namespace ProxyCluster.Tests.Silos;

public sealed class StateSerializerTests
{
    private readonly StateSerializer _serializer = new([SiloStates.Default, GrainStates.Default]);

    [Fact]
    public void Write_AnyState_NamesNoTypes()
    {
        var text = _serializer.Serialize(new FailoverState { Table = [1, 2, 3], Term = 3, Member = "tokyo-1" }).ToString();

        Assert.DoesNotContain("$", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ProxyCluster", text, StringComparison.Ordinal);
        Assert.Contains("\"Table\":\"AQID\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Written_State_IsReadBack()
    {
        var read = _serializer.Deserialize<FailoverState>(_serializer.Serialize(new FailoverState { Table = [1, 2, 3], Term = 3, Member = "tokyo-1" }));
        var holders = _serializer.Deserialize<HolderState>(_serializer.Serialize(new HolderState().With("a:1", ArtifactKind.Zip).With("b:1", ArtifactKind.Mod)));

        Assert.Equal([1, 2, 3], read.Table);
        Assert.Equal((3, "tokyo-1", null), (read.Term, read.Member, read.Fault));
        Assert.Equal(["a:1"], holders.Of(ArtifactKind.Zip));
        Assert.Equal(["b:1"], holders.Of(ArtifactKind.Mod));
    }

    // The literal texts that Orleans' own serializer wrote from the classes of the program of 2026-11-27.
    [Theory]
    [InlineData(
        """{"$id":"1","$type":"ProxyCluster.Orleans.Engine.FailoverState, proxycluster-orleans","Table":{"$type":"System.Byte[], System.Private.CoreLib","$value":"eyJlcG9jaCI6N30="},"Term":3,"Holder":"10.0.0.1:11111@5","Member":"tokyo-0123456789ab"}""",
        """{"epoch":7}""", 3, "tokyo-0123456789ab")]
    [InlineData(
        """{"$id":"1","$type":"ProxyCluster.Orleans.Engine.FailoverState, proxycluster-orleans","Table":{"$type":"System.Byte[], System.Private.CoreLib","$value":""},"Holder":"","Member":""}""",
        "", 0, "")]
    public void Read_YesterdaysTable_IsKnown(string text, string table, long term, string member)
    {
        var read = _serializer.Deserialize<FailoverState>(BinaryData.FromString(text));

        Assert.Null(read.Fault);
        Assert.Equal((table, term, member), (System.Text.Encoding.UTF8.GetString(read.Table), read.Term, read.Member));
    }

    [Fact]
    public void Read_YesterdaysHolder_IsOneOfWhateverThereIs()
    {
        var read = _serializer.Deserialize<HolderState>(BinaryData.FromString(
            """{"$id":"1","$type":"ProxyCluster.Orleans.Grains.HolderState, proxycluster-orleans","Authority":"10.0.0.1:8080"}"""));

        Assert.Null(read.Fault);
        Assert.All(Enum.GetValues<ArtifactKind>(), kind => Assert.Equal(["10.0.0.1:8080"], read.Of(kind)));
        Assert.Equal(["b:1", "10.0.0.1:8080"], read.With("b:1", ArtifactKind.Zip).Of(ArtifactKind.Zip));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"Table\":7}")]
    [InlineData("{\"Table\":{\"of\":\"another version\"}}")]
    [InlineData("{\"Table\":\"%%\"}")]
    [InlineData("{\"Table\":\"AQID\"")]
    public void Read_TextThatIsNone_IsAnEmptyStateThatSaysWhy(string text)
    {
        var read = _serializer.Deserialize<FailoverState>(BinaryData.FromString(text));

        Assert.NotNull(read.Fault);
        Assert.Empty(read.Table);
        Assert.Equal((0, ""), (read.Term, read.Member));
    }

    [Fact]
    public void Records_OfAllRooms_AreKnown()
    {
        var options = new System.Text.Json.JsonSerializerOptions
        {
            TypeInfoResolver = JsonTypeInfoResolver.Combine([.. typeof(StoredRecord).Assembly.GetTypes()
                .Where(static type => type.Name.EndsWith("States", StringComparison.Ordinal) && type.IsSubclassOf(typeof(JsonSerializerContext)))
                .Select(static type => (IJsonTypeInfoResolver)Activator.CreateInstance(type)!)]),
        };

        Assert.All(
            typeof(StoredRecord).Assembly.GetTypes().Where(static type => type.IsSubclassOf(typeof(StoredRecord))),
            type => Assert.NotNull(options.GetTypeInfo(type)));
    }
}
