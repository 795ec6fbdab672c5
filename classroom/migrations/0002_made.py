from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("classroom", "0001_initial")]
    operations = [
        migrations.RenameField("result", "stored", "made"),
        migrations.AlterField("result", "made", models.DateTimeField()),
    ]
